"""Counters in the one worker's memory, beside the ledger as it was at the same position of the worker's journal."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gatewatch.errors import GatewatchError
from gatewatch.limits.counters import Standing
from gatewatch.limits.rule import Rule
from proxy.control.compared import Compared, load, used
from proxy.control.workers import Workers
from proxy.worker.live import LiveState

if TYPE_CHECKING:
    from gatewatch.ledger.service import LedgerService

ANSWER_SECONDS = 5.0


class ComparedWorker:
    """Of one gateway. Belongs to the event loop; one comparison at a time."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._asked: asyncio.Future[tuple[Standing, frozenset[str]]] | None = None

    def take(self, state: LiveState) -> None:
        """A worker's report, which may hold the answer."""
        standing, state.standing = state.standing, None  # it is nobody else's: names of users stand in it
        if standing and self._asked and not self._asked.done():
            self._asked.set_result((standing, frozenset(state.unseeded)))

    async def compared(self, service: "LedgerService", rules: Sequence[Rule], at: int, begin: int) -> Compared:
        """See `Compare`."""
        if len(self._workers.states) != 1:
            raise GatewatchError("not exactly one worker runs")
        self._asked = asyncio.get_running_loop().create_future()
        self._workers.count(at, begin)
        async with asyncio.timeout(ANSWER_SECONDS):
            standing, unseeded = await self._asked
        seeded = [rule for rule in rules if rule.id not in unseeded]
        ledger = await asyncio.to_thread(_by_ledger, service, seeded, standing)
        if standing.begin or standing.following:  # of a part nobody knows which counters it lacks
            ledger = {counter: amount for counter, amount in ledger.items() if counter in standing.settled}
        return Compared(standing.settled, ledger, standing.following)

    async def recount(self, rules: Sequence[str]) -> None:
        """See `Compare`."""
        self._workers.recount([*rules])


def _by_ledger(service: "LedgerService", rules: Sequence[Rule], standing: Standing) -> dict[str, int]:
    load(service)
    segment, offset = standing.position
    return used(service.seeds(rules, standing.at, {segment: offset}), rules, standing.at)
