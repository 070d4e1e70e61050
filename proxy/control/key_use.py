"""When keys were last used: heard of from workers and ways in, written every now and then, never on a call's way.

Keeps true: what could not be written is kept, and written with the next.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError

WRITE_SECONDS = 10.0

log = logging.getLogger("gatewatch.control")


class KeyUse:
    """One gateway's. Belongs to the event loop; what is written is written in a thread."""

    def __init__(self, control: Path) -> None:
        self._control = control
        self._used: dict[str, int] = {}
        """Public id of a key's secret → last use (µs), as far as it is not written yet."""

    def note(self, kid: str, at: int) -> None:
        """One use, at µs since the epoch."""
        self._used[kid] = max(at, self._used.get(kid, 0))

    def hear(self, used: Mapping[str, int]) -> None:
        """Many."""
        for kid, at in used.items():
            self.note(kid, at)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            await self.write()

    async def write(self) -> None:
        """What was heard of since the last time."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            await asyncio.to_thread(self._write, used)
            used = {}
        except (GatewatchError, sqlite3.Error, OSError) as error:
            log.warning("the last use of %d keys was not noted, and is tried again: %s", len(used), error)
        finally:
            self.hear(used)

    def _write(self, used: Mapping[str, int]) -> None:
        with ControlStore.open(self._control, actor="gateway") as store:
            store.record_use(used)
