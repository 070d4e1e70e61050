"""One control process per home."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gatewatch.errors import GatewatchError, NotAllowed
from proxy.control.home_lock import HomeLock

HOLD = """
import pathlib, signal, sys
from proxy.control.home_lock import HomeLock
lock = HomeLock(pathlib.Path(sys.argv[1]))
print("held", flush=True)
signal.pause()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.lock"


def test_a_home_is_held_once_and_again_when_it_is_let_go(path: Path) -> None:
    lock = HomeLock(path)
    with pytest.raises(NotAllowed, match="already runs") as refused:
        HomeLock(path)
    assert str(path.parent) in refused.value.title
    assert "--home" in refused.value.next_step
    lock.release()
    HomeLock(path).release()


def test_nobody_else_may_read_it_and_no_child_inherits_it(path: Path) -> None:
    lock = HomeLock(path)
    assert path.stat().st_mode & 0o777 == 0o600
    running = [sys.executable, "-c", "print('runs', flush=True); input()"]
    with subprocess.Popen(running, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False) as child:
        assert child.stdout
        assert child.stdout.readline() == b"runs\n"  # before its exec a child still has what it will not inherit
        lock.release()
        HomeLock(path).release()
        child.communicate(b"\n")


def test_a_process_that_is_killed_lets_go(path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(NotAllowed):
            HomeLock(path)
        holder.send_signal(signal.SIGKILL)
    HomeLock(path).release()


def test_a_folder_that_cannot_be_written_is_an_error_with_a_next_step(path: Path) -> None:
    path.mkdir()
    with pytest.raises(GatewatchError, match="cannot be written") as refused:
        HomeLock(path)
    assert "--home" in refused.value.next_step
