"""Who runs deferred calls: one worker of a home. The kernel frees the lock of a dead one."""

import fcntl
import os
from pathlib import Path


class RunnersLock:
    """Tried for again and again by those that do not have it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    @property
    def is_held(self) -> bool:
        return self._fd is not None

    def take(self) -> bool:
        """Whether it is this worker's now. Raises OSError where the file cannot be made."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        self._fd = fd
        return True

    def release(self) -> None:
        """No-op where it is another's."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
