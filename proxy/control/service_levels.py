"""Looks every few seconds which targets keep to their routes' levels; those that do not come last until they do again.

Keeps true: what the store says is shifted is what is shifted, over restarts, from the first call on; while the ledger
does not know what calls did lately, nothing moves, and an alarm says so.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from gatewatch.control.shifts import Shift, Shifts
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from gatewatch.routing.service_level import Level, Watch
from proxy.control.alarms import Alarms
from proxy.control.level_looking import Ask, LevelLooking, LevelState, Look
from proxy.control.routes_in_force import RoutesInForce
from proxy.routing import RouteOverride

LOOK_SECONDS = 5.0
LONGEST_PAUSE = 60.0
SHARE = 30
"""A look takes at most one part in so many of the time, up to the longest pause."""
SETTLING = 15_000_000
"""After a start: so long it is no trouble that the ledger has not loaded anything yet. µs."""
ALARM = "service_levels"
USUAL = Watch()


class ServiceLevels:
    """Of one gateway. Belongs to the event loop; what is asked and written is so in a thread."""

    def __init__(
        self,
        control: Path,
        routes: RoutesInForce,
        alarms: Alarms,
        *,
        levels: Callable[[], Sequence[Level]],
        ask: Ask,
        loaded_until: Callable[[], int | None],
        watch: Watch = USUAL,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`levels`: those in force. `ask`: asks the ledger. `loaded_until`: what began before that is in the ledger,
        µs; None: not known yet."""
        self._routes = routes
        self._alarms = alarms
        self._loaded_until = loaded_until
        self._clock = clock
        self._began = clock()
        self._looking = LevelLooking(
            control, levels=levels, ask=ask, loaded_until=loaded_until, watch=watch, clock=clock, monotonic=monotonic
        )
        self._seen = Look()
        self._is_news = asyncio.Event()
        self._told: set[str] = set()
        """Routes that an alarm stands about."""

    def start(self, store: ControlStore) -> None:
        """Put in force again what was when the gateway ended. Raises sqlite3.Error."""
        self._seen = Look(Shifts(store).rows())
        self._routes.override("service_levels", overrides(self._seen.rows))

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            began = time.monotonic()
            await self.settle()
            pause = min(LONGEST_PAUSE, max(LOOK_SECONDS, (time.monotonic() - began) * SHARE))
            try:
                async with asyncio.timeout(pause):
                    await self._is_news.wait()
            except TimeoutError:
                continue
            self._is_news.clear()

    def look_soon(self) -> None:
        """An operator has brought a target back."""
        self._is_news.set()

    async def settle(self) -> None:
        """One look, and what follows from it."""
        try:
            self._seen = await asyncio.to_thread(self._looking.look, self._seen)
        except (GatewatchError, sqlite3.Error, OSError) as error:
            if self._loaded_until() is not None or self._clock() - self._began > SETTLING:
                title = error.title if isinstance(error, GatewatchError) else str(error)
                self._alarms.set(ALARM, f"Service levels are not watched: {title}. No target moves; it is tried again.")
            return
        self._alarms.set(ALARM, None)
        self._routes.override("service_levels", overrides(self._seen.rows))
        self._tell_of_the_lost()

    def states(self) -> Sequence[LevelState]:
        """Of every target that has a level, as of the last look. May be asked from any thread."""
        return self._seen.states

    def _tell_of_the_lost(self) -> None:
        """Routes none of whose targets keeps to the level, so that there is nothing to shift to."""
        by_route: dict[str, list[LevelState]] = {}
        for state in self._seen.states:
            by_route.setdefault(state.route, []).append(state)
        lost = {route: states for route, states in by_route.items() if all(state.misses for state in states)}
        for route in self._told - lost.keys():
            self._alarms.set(f"service_level:{route}", None)
        for route, states in lost.items():
            said = ", ".join(f"{state.target}: {state.text}" for state in states)
            text = f"No target of {route} keeps to its level, so that calls keep their order ({said})."
            self._alarms.set(f"service_level:{route}", f"{text} Give it another target, or another `slo`.")
        self._told = set(lost)


def overrides(rows: Sequence[Shift]) -> tuple[RouteOverride, ...]:
    """What workers are told."""
    return tuple(
        RouteOverride(kind="shift", id=f"shift:{row.target}", route=row.route, target=row.target)
        for row in rows
        if row.misses
    )
