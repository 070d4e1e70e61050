"""The demo without a terminal: the overview as text, exit code 0, and nothing left behind."""

import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose name is short enough for a socket's address."""
    with tempfile.TemporaryDirectory(prefix="gw-") as name:
        yield Path(name)


@pytest.mark.slow
def test_into_a_pipe_it_prints_the_overview_and_leaves_nothing_behind(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gatewatch", "demo"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=os.environ | {"TMPDIR": str(folder), "XDG_RUNTIME_DIR": str(folder)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr

    calls = re.search(r"(?m)^calls +(\d+)", done.stdout)
    assert calls, done.stdout
    assert int(calls[1]) > 0
    assert re.search(r"(?m)^(?:search|support|growth|research) .*\$0\.\d", done.stdout), "no team has spent anything"
    assert "\x1b" not in done.stdout

    address = re.search(r"http://127\.0\.0\.1:(\d+)", done.stdout)
    assert address
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", int(address[1]))) != 0, "its gateway still listens"
    assert [path.name for path in folder.iterdir() if path.name.startswith("gatewatch-demo-")] == []
    assert [path.name for path in folder.rglob("*.sock")] == []
