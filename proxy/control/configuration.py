"""The configuration in force: put there at the start, and again when its file or a secret of a provider changes.

Keeps true: one that cannot be taken changes nothing but an alarm, and is tried again by itself; what is in force, and
what was refused, stands in the audit trail.
"""

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gatewatch.audit.configuration import note_configuration, note_refused
from gatewatch.config.loading import Loaded, load
from gatewatch.config.models import Config
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from gatewatch.keys.secret_shapes import without_secrets
from gatewatch.paths import Home
from gatewatch.vault.interface import Vault
from gatewatch.vault.references import resolve
from proxy.control.alarms import Alarms
from proxy.control.secrets_watch import LOOK_SECONDS, SecretsWatch
from proxy.control.settings_compile import compile_settings
from proxy.settings import Settings

TRY_AGAIN_SECONDS = 10.0
AT_START_ONLY = ("listen", "tls", "workers", "stores", "control", "metrics", "vault", "vault_options")
"""What a running gateway does not take from a changed configuration."""

log = logging.getLogger("gatewatch.control")


class Configuration:
    """One gateway's. Belongs to the event loop; `loaded`, `settings` and `untaken` are read from any thread."""

    def __init__(self, home: Home, path: Path | None, workers: int | None, alarms: Alarms) -> None:
        """`path` and `workers`: as they were asked for, None where they were not.

        Raises GatewatchError where it cannot be put in force.
        """
        self._home = home
        self._alarms = alarms
        self.path = path or home.config
        self.loaded = load(self.path if path or home.config.exists() else None, os.environ)
        self.at_start = self.loaded.config
        self.count = workers or self.at_start.workers
        """Worker processes."""
        self.loaded.require(workers=self.count)
        self.settings: Settings
        """What workers are given; known from `start` on."""
        self.untaken: str | None = None
        """Why the changed file is not in force yet."""
        self.on_taken: Callable[[Settings], object] = id  # until somebody wants to hear of it

    @property
    def config(self) -> Config:
        return self.loaded.config

    def start(self, store: ControlStore, vault: Vault, pepper: str) -> None:
        """Compile it, with the secrets that it refers to. Raises GatewatchError where one is missing."""
        self._store, self._vault, self._pepper = store, vault, pepper
        self._secrets = SecretsWatch(store)
        self._secrets.changed(self.config)  # before they are read, so that nothing is missed
        self.settings = self._compile(self.loaded)
        self._note("config.start")

    def reload(self) -> None:
        """Put a changed file in force; a broken one changes nothing but the alarm."""
        path = self.path if self.loaded.path or self.path.exists() else None
        try:
            before = _stamp(path)
            loaded = load(path, os.environ)
            loaded.require(workers=self.count)
            settings = self._compile(loaded)
            _require_whole(before, _stamp(path))
        except Exception as error:
            expected = isinstance(error, GatewatchError | sqlite3.Error)
            said = str(error) if expected else without_secrets(f"{type(error).__name__}: {error}")
            if said != self.untaken:
                log.error("the configuration was not taken: %s", said, exc_info=not expected)
                with suppress(GatewatchError, sqlite3.Error):  # the store itself may be what is in the way
                    note_refused(self._store, str(path or "environment"), said)
            self.untaken = said
            self._alarms.set("config", f"The configuration file was not taken, the old one is in force: {said}")
            return
        self._alarms.set("config", None)
        self.untaken = None
        left = [name for name in AT_START_ONLY if getattr(loaded.config, name) != getattr(self.at_start, name)]
        restart = (
            f"Changed in the configuration, but taken at the next start only: {', '.join(left)}. Restart the gateway."
        )
        self._alarms.set("restart", restart if left else None)
        if settings == self.settings:
            return
        self.loaded, self.settings = loaded, settings
        self.on_taken(settings)
        try:
            self._note("config.reload")
        except (GatewatchError, sqlite3.Error) as error:
            log.error("a new configuration is in force, but not in the audit trail: %s", error)
        log.info("configuration %s is in force", settings.config_version)

    async def keep_trying(self) -> None:
        """Until cancelled: what was in the way of a changed file may be gone, a lock or a missing secret file."""
        while True:
            await asyncio.sleep(TRY_AGAIN_SECONDS)
            if self.untaken is not None:
                self.reload()

    async def keep_looking_for_secrets(self) -> None:
        """Until cancelled: a key that was set anew is taken without a restart, whoever set it."""
        while True:
            try:
                if self._secrets.changed(self.config):
                    self.reload()
            except sqlite3.Error as error:
                log.warning("whether a provider key was set anew is not known: %s", error)
            await asyncio.sleep(LOOK_SECONDS)

    def _compile(self, loaded: Loaded) -> Settings:
        """Settings for workers. Raises GatewatchError where a secret is missing. Declares the file's teams."""
        for team in loaded.config.teams:
            self._store.declare_team(team)
        for warning in loaded.warnings:
            log.warning("%s", warning)
        return compile_settings(loaded, self._home, self._pepper, lambda reference: resolve(reference, self._vault))

    def _note(self, action: str) -> None:
        """Tell the audit trail what is in force now, where it is something else than before."""
        loaded = self.loaded
        note_configuration(self._store, action, str(loaded.path or "environment"), loaded.version, loaded.tree())


def _stamp(path: Path | None) -> tuple[int, int, int] | None:
    """What changes with every write of the file; its size comes first. None: there is no file."""
    try:
        status = os.stat(path) if path else None
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns, status.st_ino) if status else None


def _require_whole(before: tuple[int, int, int] | None, after: tuple[int, int, int] | None) -> None:
    """Raises GatewatchError for a file that is being written: writers empty it first, and nothing is valid YAML."""
    if before != after:
        raise GatewatchError("it was written while it was read", "it is read again in a moment")
    if before is not None and before[0] == 0:
        raise GatewatchError("the file is empty", "write {} into it where nothing is to be configured")
