"""Keeps the shared limits store counting right: it seeds rules from the ledger, and settles what dead workers left.

Keeps true: once every call in flight has ended, a counter in the store is the sum over the ledger's rows, exactly, also
when the store was away, lost its memory or came back with an old one, and when workers were killed. Why:

A rule counts from a *mark* on, which names the run of the store that it was made in; a store that is started anew or
takes over has another run, so all marks in it are void, whatever data it has. To make the mark (`seed`):

1. `begin`: the mark goes. From here on what is settled for the rule is kept aside, with its position in the journal.
2. Every living worker counts the rule: it has said so itself, in the store. What ended before a worker knew the rule
   was journalled before that.
3. The ledger loads the whole journal. So each call is now in the ledger, or its settlement, which is made only behind
   its record, says a position behind the ledger's.
4. The sums of the ledger are written, and in one go (`seal`): what was kept aside with a position behind the sums is
   added, the rest dropped; the positions are kept; the mark is made. A settlement that comes yet later, from before
   those positions, only lets go of what it held (`lua/settle.lua`).

A settlement is applied once, because a worker's deeds are numbered (`gatewatch/limits/shared/deeds.py`), and each
run's settlements come in the order of its journal. So what a dead worker has not settled is what its journal has behind
the position of its last one. That is settled in its name, in the same order and by the same numbers, so whoever dies in
between goes on where it stopped; last, as one deed, the calls that nobody saw the end of. Then all it held is free.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from gatewatch.errors import GatewatchError
from gatewatch.limits.charged import charged
from gatewatch.limits.concerned import Concerned
from gatewatch.limits.counters import Seeds, Used
from gatewatch.limits.rule import Rule
from gatewatch.limits.shared.address import Address
from gatewatch.limits.shared.connection import StoreAway
from gatewatch.limits.shared.counted_rules import counting
from gatewatch.limits.shared.names import token
from gatewatch.limits.shared.resp import StoreError
from gatewatch.limits.shared.store import LimitsStore, Seen, open_store
from gatewatch.paths import Home
from proxy.control.alarms import Alarms
from proxy.control.left_unsettled import Left, is_dead, living, runs_since, unsettled

LOOK_SECONDS = 0.2
RUNS_SECONDS = 1.0
KEEP_SECONDS = 3600.0
RETRY_SECONDS = 0.5
HEARD_SECONDS = 10.0
"""How long a worker may take to say that it counts what is in force."""
_AT_ONCE = 200
AWAY, FORGETS, UNHEARD = "limits_store", "limits_store_memory", "limits_workers"
UNCOUNTED, UNREAD = "limits_counting", "limits_journal"

log = logging.getLogger("gatewatch.control")


class Ledger(Protocol):
    """Of which this needs little. Called in threads."""

    def load_once(self) -> object: ...

    def seeds(self, rules: Sequence[Rule], now: int) -> Seeds: ...


class SharedCounting:
    """Of one gateway. Belongs to the event loop."""

    def __init__(
        self,
        home: Home,
        address: Address,
        gateway: str,
        alarms: Alarms,
        *,
        rules: Callable[[], Sequence[Rule]],
        ledger: Callable[[], Ledger],
    ) -> None:
        """`gateway`: see `names.gateway_id`. `rules`: those in force."""
        self._home = home
        self._address = address
        self._gateway = gateway
        self._alarms = alarms
        self._rules = rules
        self._ledger = ledger
        self._known: frozenset[str] = frozenset()
        self._gone: set[str] = set()
        self._runs_due = 0.0
        self._keep_due = 0.0

    async def reach(self, *, refuse: bool) -> None:
        """Is it there? Raises GatewatchError where it is not and calls would be refused; else an alarm stands."""
        try:
            store = await open_store(self._address, self._gateway)
        except StoreAway as away:
            if refuse:
                raise GatewatchError(
                    f"The limits store is away: {away}",
                    "Start it, or mend stores.limits; with `limits_away: allow` calls pass without it.",
                ) from None
            self._away(str(away))
        else:
            store.close()

    def changed(self) -> None:
        """Other rules are in force. One that goes and comes again counts anew."""
        now = frozenset(token(rule) for rule in self._rules() if rule.window)
        self._gone |= self._known - now
        self._known = now

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                store = await open_store(self._address, self._gateway)
            except StoreAway as away:
                self._away(str(away))
            else:
                self._alarms.set(FORGETS, store.trouble and f"{store.trouble}. Set it to noeviction.")
                try:
                    await self._keep_right(store)
                except (StoreAway, StoreError) as error:
                    self._away(f"{self._address.text}: {error}")
                finally:
                    store.close()
            await asyncio.sleep(RETRY_SECONDS)

    async def _keep_right(self, store: LimitsStore) -> None:
        """As long as the connection holds. Raises StoreAway, StoreError."""
        self._runs_due = self._keep_due = 0.0
        while True:
            seen = await store.seen()
            wanted = {token(rule): rule for rule in self._rules() if rule.window}
            if gone := (self._gone | (seen.seeded - wanted.keys())):
                await store.unseed(sorted(gone))
                self._gone -= gone
                seen = await store.seen()
            if missing := [rule for each, rule in wanted.items() if each not in seen.seeded]:
                await self._seed(store, missing)
            now = time.monotonic()
            if now >= self._runs_due:
                self._runs_due = now + RUNS_SECONDS
                await self._settle_the_dead(store, seen)
            if now >= self._keep_due:
                self._keep_due = now + KEEP_SECONDS
                await store.keep(seen.live)
            self._alarms.set(AWAY, None)
            await asyncio.sleep(LOOK_SECONDS)

    async def _seed(self, store: LimitsStore, rules: Sequence[Rule]) -> None:
        """Once; what fails is tried again at the next look."""
        tokens = [token(rule) for rule in rules]
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        lived = await asyncio.to_thread(living, self._home)
        attempt = await store.begin(tokens, stamp)
        await self._heard_of_all(store)
        try:
            seeds = await asyncio.to_thread(self._counted, rules)
        except Exception as error:  # whatever the ledger's file is going through
            log.exception("limits cannot be counted from the ledger; it is tried again")
            said = error.title if isinstance(error, GatewatchError) else type(error).__name__
            self._alarms.set(UNCOUNTED, f"Limits and budgets cannot be counted: {said}. It is tried again.")
            return
        await store.fill(rules, seeds)
        if await store.seal(attempt, tokens, seeds.positions, lived):
            self._alarms.set(UNCOUNTED, None)
            log.info("limits store: %d rules count, by %d counters of the ledger", len(rules), len(seeds.seeds))

    def _counted(self, rules: Sequence[Rule]) -> Seeds:
        ledger = self._ledger()
        ledger.load_once()
        return ledger.seeds(rules, time.time_ns() // 1000)

    async def _heard_of_all(self, store: LimitsStore) -> None:
        """Wait until each living worker counts the rules in force."""
        due = time.monotonic() + HEARD_SECONDS
        while True:
            expected = counting(self._rules())
            runs = await asyncio.to_thread(living, self._home)
            behind = sorted([run for run in runs if await store.counting(run) != expected])
            if not behind:
                self._alarms.set(UNHEARD, None)
                return
            if time.monotonic() > due:
                self._alarms.set(
                    UNHEARD,
                    f"Workers do not count in the limits store: {', '.join(behind)}. See the gateway's log; stop and"
                    " start the gateway to end workers that an earlier one left.",
                )
                return
            await asyncio.sleep(LOOK_SECONDS / 4)

    async def _settle_the_dead(self, store: LimitsStore, seen: Seen) -> None:
        candidates = set(seen.live)
        if seen.since:
            candidates |= await asyncio.to_thread(runs_since, self._home, seen.since) - seen.buried
        candidates -= await asyncio.to_thread(living, self._home)
        for run in sorted(candidates):
            if await asyncio.to_thread(is_dead, self._home, run, ()):
                await self._bury(store, run)

    async def _bury(self, store: LimitsStore, run: str) -> None:
        """Settle what a dead worker left, then free what it held."""
        deed, (sequence, offset) = await store.fence(run)
        try:
            left = await asyncio.to_thread(lambda: [*unsettled(self._home, run, sequence, offset)])
        except OSError as error:
            self._alarms.set(UNREAD, f"The journal of worker run {run} cannot be read: {error}. It is tried again.")
            return
        rules = {rule.id: rule for rule in self._rules()}
        concerned = Concerned(rules.values())
        for begin in range(0, len(left), _AT_ONCE):
            some = left[begin : begin + _AT_ONCE]
            await asyncio.gather(
                *(
                    store.settle(run, deed + begin + index, [*_charged(concerned, each)], rules, each.position)
                    for index, each in enumerate(some, 1)
                )
            )
        await store.bury(run)
        self._alarms.set(UNREAD, None)
        log.info("limits store: worker run %s is settled, %d records behind its last word", run, len(left))

    def _away(self, said: str) -> None:
        said = said.rstrip(".")
        self._alarms.set(AWAY, f"The limits store is away: {said}. It is tried again; start it, or see `doctor`.")


def _charged(concerned: Concerned, left: Left) -> Iterable[Used]:
    for call, attempts in left.calls:
        yield from charged(concerned, call, attempts)
