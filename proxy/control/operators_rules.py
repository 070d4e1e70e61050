"""Limits, budgets and grants that operators made: read from the control store, put in force within a second.

Keeps true: also what was changed on the files beside a running gateway. The store tells cheaply whether anybody else
has written to it; only then is it read.
"""

import asyncio

from gatewatch.control.store import ControlStore
from gatewatch.errors import NotAllowed
from proxy.control.limits_in_force import LimitsInForce

LOOK_SECONDS = 0.5


class OperatorsRules:
    """Of one gateway. Belongs to the thread of the store."""

    def __init__(self, store: ControlStore, limits: LimitsInForce) -> None:
        self._store = store
        self._limits = limits
        self._seen: int | None = None

    def look(self) -> None:
        """Take them as they are now. Raises sqlite3.Error."""
        self._seen = self._version()  # before, so that what is written meanwhile is looked at again
        self._limits.by_operators(self._store.rules(), self._store.grants(self._store.clock()))

    def require(self, *, workers: int, store: str | None) -> None:
        """Raises NotAllowed where so many workers could not keep them. `store`: what they would count in together."""
        if workers > 1 and not store and (made := self._store.rules()):
            ids = ", ".join(rule.id for rule in made[:3]) + (", …" if len(made) > 3 else "")
            raise NotAllowed(
                f"{workers} workers cannot keep the limits and budgets that operators made ({ids}): each would count"
                " for itself",
                "give the configuration file `stores: {limits: redis://…}`, serve with --workers 1, or remove them",
            )

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._version() != self._seen:
                self.look()

    def _version(self) -> int:
        """Changes with whatever other connections write to the store."""
        return int(self._store.connection.execute("PRAGMA data_version").fetchone()[0])
