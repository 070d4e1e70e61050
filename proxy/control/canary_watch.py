"""Takes the next step of canaries, and stops those that do badly.

Keeps true: a canary that is stopped, or has taken a step, stands so in the control store before calls go by it; none
takes a step while what it did so far cannot be looked at, or its target is drained. Where one is at is kept over
restarts; time that passed while no gateway ran is no reason to skip a step.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

from gatewatch.control.route_overrides import MadeOverride, RouteOverrides
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from gatewatch.routing.canary_verdict import LEAST_TRIES, Tries, fault_of

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

    def __init__(self, store: ControlStore, ask: Ask, changed: Callable[[], None]) -> None:
        """`changed`: what is in the store is to be taken."""
        self._book = RouteOverrides(store)
        self._clock = store.clock
        self._ask = ask
        self._changed = changed

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
                is_drained = any(each.drains(made.route or "", made.target or "") for each in standing)
                try:
                    await self._look_at(made, is_drained=is_drained)
                except (GatewatchError, sqlite3.Error) as error:
                    log.warning("%s is not judged, and takes no step: %s", made.id, error)

    async def _look_at(self, made: MadeOverride, *, is_drained: bool) -> None:
        fault = await asyncio.to_thread(self._fault, made) if made.share or made.teams else None
        after = None
        if fault is not None:
            after = self._book.halt(made, fault)
            log.warning("%s was stopped: %s", made.id, fault)
        elif made.next_at is not None and made.next_at <= self._clock() and not is_drained:
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


def _sum(rows: list[dict[str, object]]) -> Tries:
    return Tries(*(sum(int(str(row[name])) for row in rows) for name in Tries._fields))
