"""Notes which configuration and routes are in force, who wrote them as far as the system tells, and until when.

Keeps true: a store that cannot be written keeps no configuration from being taken.
"""

import asyncio
import logging
import os
import pwd
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec

from gatewatch.audit.configuration import told_paths
from gatewatch.audit.told import told
from gatewatch.config.loading import Loaded
from gatewatch.control.configuration_versions import ConfigurationVersions
from gatewatch.control.route_overrides import RouteOverrides
from gatewatch.control.route_versions import RouteVersions, WrittenBy
from gatewatch.control.transactions import Transactions
from gatewatch.errors import GatewatchError
from proxy.settings import Settings

STILL_SECONDS = 60.0

log = logging.getLogger("gatewatch.control")


class VersionsInForce:
    """Of one gateway. Belongs to the event loop."""

    def __init__(self, store: Transactions) -> None:
        self._versions = ConfigurationVersions(store)
        self._routes = RouteVersions(store)
        self._overrides = RouteOverrides(store)
        self._version: str | None = None

    def taken(self, loaded: Loaded, settings: Settings) -> None:
        """Another configuration is in force."""

        def note() -> None:
            self._still()
            owner, written_at = file_facts(loaded.path)
            file = None if loaded.path is None else told(str(loaded.path))
            self._versions.note(
                settings.config_version,
                told_paths(loaded.tree()),
                {name: route.version for name, route in settings.routes.items()},
                settings.limiting.rules,
                file,
                owner,
                written_at,
            )
            self._version = settings.config_version
            written = WrittenBy(config=settings.config_version, file=file, changed_by=owner, changed_at=written_at)
            kept = {each.version for each in self._overrides.standing() if each.version}
            self._routes.note(
                {name: msgspec.to_builtins(route) for name, route in settings.routes.items()}, written, kept
            )

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
