"""One control process per home, and so one owner of the ledger file. The kernel frees the lock of a dead one."""

import fcntl
import os
from pathlib import Path

from gatewatch.errors import GatewatchError, NotAllowed


class HomeLock:
    """Held for as long as the object lives. Raises NotAllowed where another process holds it, and GatewatchError."""

    def __init__(self, path: Path) -> None:
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise GatewatchError(
                f"{path} cannot be written: {error.strerror}", "give the gateway a folder of its own with --home"
            ) from None
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._fd)
            raise NotAllowed(
                f"A gateway already runs on {path.parent}.",
                "Attach to it with 'gatewatch', or give this one another folder with --home.",
            ) from None

    def release(self) -> None:
        os.close(self._fd)
