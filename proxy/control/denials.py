"""Writes into the audit trail who was refused what by the control API.

Keeps true: a refused try to change something stands there always; a refused look once a minute for each actor and
thing, and never more than `MOST` of them a minute, so that a script that asks in a loop does not fill the disk.
"""

import sqlite3
import time
from collections.abc import Callable
from logging import getLogger
from threading import Lock

from gatewatch.authority.actor import Actor
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from gatewatch.paths import Home

WINDOW_SECONDS = 60.0
MOST = 200

log = getLogger("gatewatch.control")


class Denials:
    """Called in any thread; each note has its own connection to the store."""

    def __init__(self, home: Home, clock: Callable[[], float] = time.monotonic) -> None:
        self._home = home
        self._clock = clock
        self._lock = Lock()
        self._begun = clock()
        self._noted: set[tuple[str, str | None, str]] = set()

    def note(self, actor: Actor, action: str, target: str, reason: str, *, changes: bool) -> None:
        """The refusal stands whether or not it could be written: what is in the way of that is logged."""
        if not changes and not self._is_new(actor, action):
            return
        try:
            with ControlStore.open(self._home.control, actor=actor) as store:
                store.audit(action, target, result="denied", reason=reason)
        except (GatewatchError, sqlite3.Error) as error:
            log.error("a refused try is not in the audit trail (%s by %s): %s", action, actor.id, error)

    def _is_new(self, actor: Actor, action: str) -> bool:
        with self._lock:
            if self._clock() - self._begun >= WINDOW_SECONDS:
                self._begun = self._clock()
                self._noted.clear()
            what = (actor.id, actor.source, action)
            if what in self._noted or len(self._noted) >= MOST:
                return False
            self._noted.add(what)
            return True
