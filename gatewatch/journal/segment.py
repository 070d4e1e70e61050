"""One segment: an append-only file of whole lines with one living writer.

Keeps true: a line is one `write()`, so a torn line never carries its newline; a short write is cut back at once; the
exclusive lock is held from before the file has its name until the writer closes it or dies, so whoever gets the lock
knows that the writer is gone.
"""

import errno
import fcntl
import os
from pathlib import Path

SUFFIX = ".jsonl"
_UNNAMED = ".new"

OUT_OF_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Segment:
    """The writing end of one segment."""

    def __init__(self, folder: Path, run: str, sequence: int) -> None:
        """Create it. Raises OSError where that fails, FileExistsError where it is there already."""
        self.path = folder / f"{run}-{sequence:06d}{SUFFIX}"
        unnamed = self.path.with_suffix(_UNNAMED)
        self._fd = os.open(unnamed, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.link(unnamed, self.path)
        except OSError:
            os.close(self._fd)
            raise
        finally:
            os.unlink(unnamed)
        self.size = 0

    def append(self, line: bytes) -> None:
        """Write one line. Raises OSError; then nothing of the line is left in the file."""
        try:
            written = os.write(self._fd, line)
        except OSError:
            os.ftruncate(self._fd, self.size)
            raise
        if written != len(line):
            os.ftruncate(self._fd, self.size)
            raise OSError(errno.ENOSPC, "short write", str(self.path))
        self.size += written

    def sync(self) -> None:
        """Make what was appended survive a power loss. Raises OSError; safe to call from another thread."""
        os.fdatasync(self._fd)

    def close(self) -> None:
        """Sync and let go of the lock."""
        try:
            os.fdatasync(self._fd)
        finally:
            os.close(self._fd)
