"""Processes of workers as the system has them: started how, signalled, ended, left behind."""

import asyncio
import fcntl
import os
import sys
from contextlib import suppress
from pathlib import Path

from gatewatch.journal.segment import SUFFIX


def worker_command() -> list[str]:
    """How this installation starts a worker."""
    return [sys.executable, "-m", "gatewatch", "_worker"]


def workers_left_behind(journal: Path) -> bool:
    """Whether a worker of a dead control process still writes: its segment is locked."""
    for path in journal.glob(f"*{SUFFIX}"):
        with path.open("rb") as segment:
            try:
                fcntl.flock(segment, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    return False


def signal_to(pid: int, number: int) -> None:
    """One that is gone already takes no harm."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


async def end_of(pid: int) -> None:
    """Wait for the end of a process that is not our child."""
    with suppress(ProcessLookupError):
        while True:
            os.kill(pid, 0)
            await asyncio.sleep(0.05)
