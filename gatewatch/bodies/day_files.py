"""Where bodies lie: `bodies/<day>/<run>-<n>.bodies`, one folder for each day (UTC) of calls, deleted whole.

Keeps true: a record is in a file wholly or not at all; a file has one writer and only grows; what is of one day is in
no other folder, so that what is deleted is gone from the disk.
"""

import errno
import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

SUFFIX = ".bodies"
FILE_BYTES = 256 * 2**20
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_FILE = re.compile(r"[0-9A-Za-z]+-[0-9a-f]{8}-\d{3,}\.bodies", re.ASCII)
_OPEN_DAYS = 2
"""Calls that began before midnight end after it."""


def day_of(us: int) -> str:
    """The day of a time, as folders are called."""
    return datetime.fromtimestamp(us // 1_000_000, UTC).strftime("%Y-%m-%d")


def days(folder: Path) -> list[str]:
    """The days that there are bodies of, oldest first. Raises OSError."""
    if not folder.exists():
        return []
    return sorted(path.name for path in folder.iterdir() if _DAY.fullmatch(path.name) and path.is_dir())


def files_of(folder: Path, day: str) -> Iterator[Path]:
    """The files of one day. Nothing where it is gone. Raises OSError."""
    try:
        yield from sorted(path for path in (folder / day).iterdir() if _FILE.fullmatch(path.name))
    except FileNotFoundError:
        return


def place(folder: Path, name: str) -> Path:
    """The file that is called `<day>/<file>`. Raises ValueError for what is no such name."""
    day, _, file = name.partition("/")
    if not _DAY.fullmatch(day) or not _FILE.fullmatch(file):
        raise ValueError(f"{name!r} is no file of bodies")
    return folder / day / file


class DayFiles:
    """The writing end of one worker run. Used in one thread."""

    def __init__(self, folder: Path, *, file_bytes: int = FILE_BYTES) -> None:
        """Nothing is made yet."""
        self._folder = folder
        self._run = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + "-" + os.urandom(4).hex()
        self._file_bytes = file_bytes
        self._open: dict[str, _File] = {}
        self._made = 0

    def append(self, day: str, record: bytes) -> None:
        """Raises OSError where it cannot be written; then nothing of it is there."""
        file = self._open.get(day)
        if file is None or file.size >= self._file_bytes or file.is_gone():
            file = self._new(day)
        file.append(record)

    def close(self) -> None:
        for file in self._open.values():
            os.close(file.fd)
        self._open.clear()

    def _new(self, day: str) -> "_File":
        if (old := self._open.pop(day, None)) is not None:
            os.close(old.fd)
        while len(self._open) >= _OPEN_DAYS:
            os.close(self._open.pop(next(iter(self._open))).fd)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        folder = self._folder / day
        folder.mkdir(mode=0o700, exist_ok=True)
        self._made += 1
        path = folder / f"{self._run}-{self._made:03d}{SUFFIX}"
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._open[day] = _File(fd)
        return self._open[day]


class _File:
    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.size = 0

    def append(self, record: bytes) -> None:
        written = os.write(self.fd, record)
        if written != len(record):
            os.ftruncate(self.fd, self.size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.size += written

    def is_gone(self) -> bool:
        """Whether its day was deleted."""
        return os.fstat(self.fd).st_nlink == 0
