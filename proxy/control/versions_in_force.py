"""Notes which configuration is in force, who wrote its file as far as the system tells, and until when it was.

Keeps true: a store that cannot be written keeps no configuration from being taken.
"""

import asyncio
import logging
import os
import pwd
import sqlite3
from collections.abc import Callable
from pathlib import Path

from gatewatch.audit.configuration import told_paths
from gatewatch.audit.told import told
from gatewatch.config.loading import Loaded
from gatewatch.control.configuration_versions import ConfigurationVersions
from gatewatch.control.transactions import Transactions
from gatewatch.errors import GatewatchError
from proxy.settings import Settings

STILL_SECONDS = 60.0

log = logging.getLogger("gatewatch.control")


class VersionsInForce:
    """Of one gateway. Belongs to the event loop."""

    def __init__(self, store: Transactions) -> None:
        self._versions = ConfigurationVersions(store)
        self._version: str | None = None

    def taken(self, loaded: Loaded, settings: Settings) -> None:
        """Another configuration is in force."""

        def note() -> None:
            self._still()
            owner, written_at = file_facts(loaded.path)
            self._versions.note(
                settings.config_version,
                told_paths(loaded.tree()),
                {name: route.version for name, route in settings.routes.items()},
                settings.limiting.rules,
                None if loaded.path is None else told(str(loaded.path)),
                owner,
                written_at,
            )
            self._version = settings.config_version

        _attempted(note)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(STILL_SECONDS)
            self.still()

    def still(self) -> None:
        """The same is in force."""
        _attempted(self._still)

    def _still(self) -> None:
        if self._version is not None:
            self._versions.still(self._version)


def file_facts(path: Path | None) -> tuple[str | None, int | None]:
    """The owner of a file, by name where there is one, and when it was written (µs); None: not known."""
    if path is None:
        return None, None
    try:
        status = os.stat(path)
    except OSError:
        return None, None
    try:
        owner = told(pwd.getpwuid(status.st_uid).pw_name, 100)
    except KeyError:
        owner = f"uid {status.st_uid}"
    return owner, status.st_mtime_ns // 1000


def _attempted(note: Callable[[], None]) -> None:
    try:
        note()
    except (GatewatchError, sqlite3.Error) as error:
        log.warning("which configuration is in force cannot be noted: %s", error)
