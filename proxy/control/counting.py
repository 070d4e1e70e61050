"""Counters in a worker's memory, as the control process sees to them: they begin with what was counted before them.

Keeps true: a worker is handed seeds of the moment in which it starts, with its settings, before its first call; a rule
that comes later is seeded while the worker counts; without rules nothing is looked at, and no start takes longer.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gatewatch.limits.counters import Seeds
from gatewatch.limits.rule import Rule
from gatewatch.paths import Home
from proxy.control.alarms import Alarms
from proxy.control.limits_in_force import LimitsInForce
from proxy.control.seeding import Seeding
from proxy.control.workers import Workers, still_good
from proxy.settings import Settings
from proxy.worker.live import LiveState

if TYPE_CHECKING:
    from gatewatch.ledger.service import LedgerService

CHECKPOINT_SECONDS = 10.0
CHECKPOINT_SHARE = 0.01
"""Of the time, at most, goes into checkpoints: a large ledger has them less often."""
SLOW_SECONDS = 2.0
TRY_AGAIN_SECONDS = 5.0
LONGEST_UNSEEDED = 15.0
SETTLED_SECONDS = 1.0
"""Reports that were on their way while seeds were sent still ask for them."""

_SLOW = "loading what was journalled, to count what %d rules of limits and budgets had used; calls are served then"
_ALARM = "limits_unseeded"
_UNSEEDED = (
    "Limits and budgets count from nothing, for what was used before is not known yet ({said}). It is tried again; see"
    " the gateway's log, and `gatewatch doctor`."
)

log = logging.getLogger("gatewatch.control")


class Counting:
    """Of one gateway. Belongs to the event loop."""

    def __init__(self, home: Home, workers: Workers, limits: LimitsInForce, alarms: Alarms) -> None:
        self._home = home
        self._workers = workers
        self._limits = limits
        self._alarms = alarms
        self._service: asyncio.Future[LedgerService] | None = None
        self._seeding: asyncio.Task[None] | None = None
        self._unseeded_since: float | None = None
        self._begun_at = self._ended_at = float("-inf")
        workers.seeding = self.for_start

    def begin(self, service: "LedgerService") -> None:
        """From here on it may be asked."""
        self._ledger.set_result(service)

    def stop(self) -> None:
        """Seed nobody any more."""
        if self._seeding:
            self._seeding.cancel()

    def is_busy(self, seconds: float) -> bool:
        """Whether seeds for a worker's start are on their way, or were in the last so many seconds."""
        return self._begun_at > self._ended_at or time.monotonic() - self._ended_at < seconds

    async def for_start(self, settings: Settings) -> Seeds | None:
        """What the counters of a worker begin with that starts now. None where it has none, or nothing can be read."""
        rules = windowed(settings.limiting.rules)
        if not rules or settings.limits_url:
            return None
        self._begun_at = time.monotonic()
        slow = asyncio.get_running_loop().call_later(SLOW_SECONDS, log.info, _SLOW, len(rules))
        try:
            return await asyncio.to_thread((await self._seeds()).now, rules)
        except Exception as error:
            log.exception("a worker starts without what was counted before")
            self._alarms.set(_ALARM, _UNSEEDED.format(said=error))
            return None
        finally:
            slow.cancel()
            self._ended_at = time.monotonic()

    def take(self, state: LiveState) -> None:
        """A worker has told which rules are new to it."""
        if not state.unseeded:
            self._unseeded_since = None
            self._alarms.set(_ALARM, None)
            return
        self._unseeded_since = self._unseeded_since or time.monotonic()
        if time.monotonic() - self._unseeded_since > LONGEST_UNSEEDED:
            self._alarms.set(_ALARM, _UNSEEDED.format(said=", ".join(state.unseeded[:3])))
        rules = [rule for rule in windowed(self._limits.rules) if rule.id in state.unseeded]
        if rules and (self._seeding is None or self._seeding.done()):
            self._seeding = asyncio.create_task(self._seed(rules))

    async def keep_writing(self) -> None:
        """Checkpoints, until cancelled."""
        service = await self._ledger
        seeding = Seeding(self._home, service)
        pause = CHECKPOINT_SECONDS
        while True:
            await asyncio.sleep(pause)
            rules, settings = windowed(self._limits.rules), self._workers.settings
            if not rules or settings is None or settings.limits_url or service.last_error:
                continue
            begun = time.monotonic()
            await asyncio.to_thread(seeding.write_checkpoint, rules)
            pause = max(CHECKPOINT_SECONDS, (time.monotonic() - begun) / CHECKPOINT_SHARE)

    async def _seed(self, rules: list[Rule]) -> None:
        """Rules that are new to a worker that runs."""
        try:
            seeds = await asyncio.to_thread((await self._seeds()).now, rules)
        except Exception as error:
            log.exception("rules that are new cannot be seeded; it is tried again in %g s", TRY_AGAIN_SECONDS)
            self._alarms.set(_ALARM, _UNSEEDED.format(said=error))
            await asyncio.sleep(TRY_AGAIN_SECONDS)
            return
        self._workers.seed(still_good(seeds, rules, self._limits.rules))
        await asyncio.sleep(SETTLED_SECONDS)

    async def _seeds(self) -> Seeding:
        return Seeding(self._home, await self._ledger)

    @property
    def _ledger(self) -> "asyncio.Future[LedgerService]":
        if self._service is None:
            self._service = asyncio.get_running_loop().create_future()
        return self._service


def windowed(rules: Iterable[Rule]) -> list[Rule]:
    """Those that count in a window: calls at a time begin with none."""
    return [rule for rule in rules if rule.window is not None]
