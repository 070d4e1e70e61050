"""The second sink's other half: one CEF event for each sealed entry, to the syslog of this machine.

By our own datagram: `logging.handlers.SysLogHandler` writes to stderr what it cannot send, and loses it.
"""

import os
import socket
from pathlib import Path

DEV_LOG = Path("/dev/log")
SEND_SECONDS = 2.0
LONGEST = 8_000
"""Bytes; daemons cut what is longer."""

_AUTHPRIV = 10 * 8
_NOTICE, _WARNING = 5, 4


class Syslog:
    """One connection; close it, or use it as a context manager. Raises OSError."""

    def __init__(self, address: Path = DEV_LOG) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._socket.settimeout(SEND_SECONDS)
            self._socket.connect(str(address))
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> "Syslog":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, event: str, *, warning: bool) -> None:
        """`event` is one line without control characters."""
        priority = _AUTHPRIV + (_WARNING if warning else _NOTICE)
        self._socket.send(f"<{priority}>gatewatch[{os.getpid()}]: {event}".encode()[:LONGEST])
