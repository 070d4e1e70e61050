"""The lock that lets one process at a time."""

import stat
import subprocess
import sys
from pathlib import Path

HOLDER = (
    "import sys, pathlib, os, signal\n"
    "from gatewatch.control.exclusive import exclusive\n"
    "with exclusive(pathlib.Path(sys.argv[1])):\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.readline()\n"
    "print('released', flush=True)\n"
)


def start(path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_the_second_waits_for_the_first_and_a_killed_holder_lets_go(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "some.lock"):
        first = start(path)
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        second = start(path)
        first.kill()
        first.communicate()
        assert second.communicate("\n")[0] == "held\nreleased\n"
    assert stat.S_IMODE((tmp_path / "some.lock").stat().st_mode) == 0o600
