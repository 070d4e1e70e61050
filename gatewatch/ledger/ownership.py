"""Holding a home without a gateway: whoever opens the ledger file holds the lock that the control process holds."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from gatewatch.errors import Unreachable
from gatewatch.paths import Home


@contextmanager
def owning(home: Home) -> Iterator[None]:
    """Holds the home's lock. Raises Unreachable where another process does, or where there is no such home."""
    try:
        fd = os.open(home.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        raise nowhere(home) from None
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unreachable(
                f"Another process holds {home.root}",
                "A gateway that runs there is in the way. One that does not answer may be stopping: try again.",
            ) from None
        yield
    finally:
        os.close(fd)


def nowhere(home: Home) -> Unreachable:
    """What is said of a home that does not exist."""
    return Unreachable(
        f"There is no gateway in {home.root}", "Start one with `gatewatch serve`, or choose a folder with --home."
    )
