"""One segment: an append-only file of whole lines with one living writer.

Keeps true: a short write is cut back to its last whole line at once, and no whole line is ever taken back, so a reader
may load whatever stands before the last newline; the exclusive lock is held from before the file has its name until the
writer closes it or dies, so whoever gets the lock knows that the writer is gone.
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

    def append(self, lines: bytes) -> int:
        """Write whole lines; returns how many bytes of them are in the file, always up to a line's end.

        Fewer than given means that the disk is full. Raises OSError where nothing could be written. A line that a
        reader may have seen is never taken back.
        """
        written = os.write(self._fd, lines)
        if written != len(lines):
            written = lines.rfind(b"\n", 0, written) + 1
            os.ftruncate(self._fd, self.size + written)
        self.size += written
        return written

    def sync(self) -> None:
        """Make what was appended survive a power loss. Raises OSError; safe to call from another thread."""
        os.fdatasync(self._fd)

    def close(self) -> None:
        """Sync and let go of the lock."""
        try:
            os.fdatasync(self._fd)
        finally:
            os.close(self._fd)
