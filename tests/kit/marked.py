"""Finds every process that a test has started, and what those have started: they all inherit a variable."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

VARIABLE = "STARTED_BY_TEST"
needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to look for processes")


def marked(mark: str) -> list[int]:
    """Processes, other than this one, in whose environment the variable has this value; no zombies.

    For an instant after its start a program has no environment yet: wait for it with `until`.
    """
    wanted = f"{VARIABLE}={mark}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and int(folder.name) != os.getpid():
            with suppress(OSError):
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
    return found


def kill_marked(mark: str) -> None:
    for pid in marked(mark):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
