"""Says when secrets of providers may have changed, reading none: versions in the control store, times of files."""

import os
from pathlib import Path

from gatewatch.config.models import Config
from gatewatch.control.store import ControlStore

LOOK_SECONDS = 1.0
FILES_EVERY = 3
"""Looks: files are asked for less often than the store."""


class SecretsWatch:
    """Remembers what it saw last."""

    def __init__(self, store: ControlStore) -> None:
        self._store = store
        self._looks = 0
        self._versions: dict[str, int] | None = None
        self._files: dict[str, tuple[int, int] | None] | None = None

    def changed(self, config: Config) -> bool:
        """Whether something is another than at the last look; not at the first. Raises sqlite3.Error."""
        versions = {note.name: note.version for note in self._store.provider_keys()}
        files = self._files
        if files is None or self._looks % FILES_EVERY == 0:
            references = (each for provider in config.providers.values() for each in provider.references.values())
            files = {each: _stamp(each) for each in references if each.startswith("file:")}
        self._looks += 1
        same = self._versions in (None, versions) and self._files in (None, files)
        self._versions, self._files = versions, files
        return not same


def _stamp(reference: str) -> tuple[int, int] | None:
    """When a file was changed, and which it is; None where it is not there."""
    try:
        status = os.stat(Path(reference.removeprefix("file:")).expanduser())
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino
