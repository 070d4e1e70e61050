"""Counters in the shared limits store, beside the ledger as it was where the counters stood in each worker's journal.

Keeps true: no difference is told that is none. So nothing is compared while a worker that died is not settled yet, or
one begins of which nothing is known; and rules that are being seeded are left out.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gatewatch.errors import GatewatchError
from gatewatch.ledger.segments import segments_in
from gatewatch.limits.rule import Rule
from gatewatch.limits.shared.address import Address
from gatewatch.limits.shared.connection import StoreAway
from gatewatch.limits.shared.names import token
from gatewatch.limits.shared.resp import StoreError
from gatewatch.limits.shared.standing import Standing
from gatewatch.limits.shared.store import LimitsStore, Seen, open_store
from gatewatch.paths import Home
from proxy.control.compared import Compared, load, used
from proxy.control.left_unsettled import living, runs_since

if TYPE_CHECKING:
    from gatewatch.ledger.service import LedgerService


class ComparedStore:
    """Of one gateway."""

    def __init__(self, home: Home, address: Address, gateway: str, rules: Callable[[], Sequence[Rule]]) -> None:
        """`gateway`: see `names.gateway_id`. `rules`: those in force."""
        self._home = home
        self._address = address
        self._gateway = gateway
        self._rules = rules

    async def compared(self, service: "LedgerService", rules: Sequence[Rule], at: int, begin: int) -> Compared:
        """See `Compare`."""
        async with self._opened() as store:
            seen = await store.seen()
            standing = await store.standing(rules, at, begin)
            ledger = await asyncio.to_thread(self._by_ledger, service, standing, seen, at)
            by_id = {rule.id: rule for rule in rules}
            keys = {counter: store.key_of(counter, by_id) for counter in ledger}
            missing = [key for key in keys.values() if standing.is_in(key) and key not in standing.keys]
            looked_at = standing.keys.union(missing) - await store.are_there(missing)  # which were made just now
        counting = {rule.id for seeding in standing.seedings for rule in seeding.rules}
        return Compared(
            {counter: amount for counter, amount in standing.settled.items() if counter.partition("|")[0] in counting},
            {counter: amount for counter, amount in ledger.items() if keys[counter] in looked_at},
            standing.following,
        )

    async def recount(self, rules: Sequence[str]) -> None:
        """See `Compare`: `SharedCounting` sees that they are not seeded."""
        async with self._opened() as store:
            await store.unseed([token(rule) for rule in self._rules() if rule.id in rules])

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[LimitsStore]:
        try:
            store = await open_store(self._address, self._gateway)
            try:
                yield store
            finally:
                store.close()
        except (StoreAway, StoreError) as away:
            raise GatewatchError(f"the limits store is away: {away}") from None

    def _by_ledger(self, service: "LedgerService", standing: Standing, seen: Seen, at: int) -> dict[str, int]:
        """Called in a thread. Raises GatewatchError."""
        if not standing.seedings:
            raise GatewatchError("the limits store is being filled from the ledger")
        load(service)
        there = self._runs()
        alive = living(self._home)
        unseen = alive - standing.live.keys()
        if seen.since:
            unseen |= runs_since(self._home, seen.since) - seen.buried - standing.live.keys()
        found: dict[str, int] = {}
        for seeding in standing.seedings:
            found |= used(service.seeds(seeding.rules, at, standing.upto(seeding, unseen)), seeding.rules, at)
        if self._runs() - there:
            raise GatewatchError("a worker has just begun")
        if ({*standing.live, *unseen}) - living(self._home):
            raise GatewatchError("a worker that died is being settled")
        return found

    def _runs(self) -> set[str]:
        """All whose journal is there."""
        return {each.run for each in (*segments_in(self._home.journal), *segments_in(self._home.loaded))}
