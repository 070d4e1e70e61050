"""Says of which names in limits, budgets and alerts of the configuration there is nobody.

Keeps true: a misspelt name does not stay unseen behind a budget that is never spent; the alarm ends once there is
somebody of that name, or the file names another.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable

from gatewatch.config.loading import Loaded
from gatewatch.config.names_of_nobody import names_of_nobody
from gatewatch.config.problems import Problem
from gatewatch.control.store import ControlStore
from proxy.control.alarms import Alarms

LOOK_SECONDS = 3.0
PREFIX = "nobody:"
"""Of the ids of its alarms; behind it is the place in the file."""

log = logging.getLogger("gatewatch.control")


class NamesOfRules:
    """Of one gateway. Belongs to the thread of the store."""

    def __init__(self, store: ControlStore, loaded: Callable[[], Loaded], alarms: Alarms) -> None:
        self._store = store
        self._loaded = loaded
        self._alarms = alarms
        self._seen: tuple[str, int] | None = None
        self._said: dict[str, str] = {}

    def look(self) -> None:
        """Raise and end alarms, where the file or the store has changed since. Raises sqlite3.Error."""
        loaded = self._loaded()
        version = int(self._store.connection.execute("PRAGMA data_version").fetchone()[0])
        if (now := (loaded.version, version)) == self._seen:
            return
        found = {f"{PREFIX}{each.key}": _said(each, loaded) for each in names_of_nobody(loaded.config, self._store)}
        for id in self._said.keys() - found.keys():
            self._alarms.set(id, None)
        for id, text in found.items():
            if self._said.get(id) != text:
                log.warning("%s", text)
                self._alarms.set(id, text)
        self._seen, self._said = now, found

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                self.look()
            except sqlite3.Error as error:
                log.warning("whether the names of limits and budgets are known could not be looked up: %s", error)
            await asyncio.sleep(LOOK_SECONDS)


def _said(problem: Problem, loaded: Loaded) -> str:
    kind = "alert" if problem.path[0] == "alerts" else "rule"
    what = "never fires for it" if kind == "alert" else "holds for no call"
    return f"{loaded.lines.where(problem.path)}: {problem} – until there is one, this {kind} {what}."
