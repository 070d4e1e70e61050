"""Takes the next step of canaries, and stops those that do badly.

Keeps true: a canary that is stopped, or has taken a step, stands so in the control store before calls go by it; none
takes a step before enough has gone well there since the one before, nor while it is held back, or its target drained.
Where one is at is kept over restarts; time that passed while no gateway ran is no reason to skip a step.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from gatewatch.control.route_overrides import MadeOverride, RouteOverrides
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from gatewatch.routing.canary_verdict import LEAST_TRIES, Tries, fault_of, has_shown_itself

if TYPE_CHECKING:
    from gatewatch.ledger.answer import Answer

LOOK_SECONDS = 2.0
MINUTE = 60_000_000
SPANS = (MINUTE, 15 * MINUTE, 240 * MINUTE, 1440 * MINUTE)
"""How far back it is looked: the shortest that holds enough tries, so that an hour that went well hides nothing."""

log = logging.getLogger("gatewatch.control")

Ask = Callable[..., "Answer"]


class CanaryWatch:
    """Of one gateway. Belongs to the thread of the store; the ledger is asked in others."""

    def __init__(
        self, store: ControlStore, ask: Ask, changed: Callable[[], None], held_back: Callable[[], Collection[str]]
    ) -> None:
        """`changed`: what is in the store is to be taken. `held_back`: ids of what the configuration does not allow."""
        self._book = RouteOverrides(store)
        self._clock = store.clock
        self._ask = ask
        self._changed = changed
        self._held_back = held_back

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Judge each, then let go on what is due. A ledger or a store that cannot be asked is asked again later."""
        standing = self._book.standing()
        for made in standing:
            if made.kind == "canary" and not made.halted:
                is_away = made.id in self._held_back() or any(
                    each.drains(made.route or "", made.target or "") for each in standing
                )
                try:
                    await self._look_at(made, is_away=is_away)
                except (GatewatchError, sqlite3.Error) as error:
                    log.warning("%s is not judged, and takes no step: %s", made.id, error)

    async def _look_at(self, made: MadeOverride, *, is_away: bool) -> None:
        has_calls = bool(made.share or made.teams)
        fault = await asyncio.to_thread(self._fault, made) if has_calls else None
        is_due = made.next_at is not None and made.next_at <= self._clock() and not is_away
        after = None
        if fault is not None:
            after = self._book.halt(made, fault)
            log.warning("%s was stopped: %s", made.id, fault)
        elif is_due and (not has_calls or await asyncio.to_thread(self._has_shown_itself, made)):
            after = self._book.take_step(made)
        if after is not None:
            self._changed()

    def _fault(self, made: MadeOverride) -> str | None:
        """Why it is to be stopped. In a thread. Raises GatewatchError."""
        now = self._clock()
        for span in SPANS:
            since = max(made.since, now - span)
            if since >= now:
                return None
            rows = self._ask("route_tries", route=made.route, since_us=since).rows
            canary = _sum([row for row in rows if row["target"] == made.target])
            if canary.tries >= LEAST_TRIES or since == made.since:
                return fault_of(canary, _sum([row for row in rows if row["target"] != made.target]))
        return None

    def _has_shown_itself(self, made: MadeOverride) -> bool:
        """Since its last step, a day back at most. In a thread. Raises GatewatchError."""
        since = max(made.since, (made.next_at or 0) - (made.every or 0))
        rows = self._ask("route_tries", route=made.route, since_us=since).rows
        return has_shown_itself(_sum([row for row in rows if row["target"] == made.target]))


def _sum(rows: list[dict[str, object]]) -> Tries:
    return Tries(*(sum(int(str(row[name])) for row in rows) for name in Tries._fields))
