"""One owner per home."""

import subprocess
import sys
from pathlib import Path

import pytest

from gatewatch.errors import Unreachable
from gatewatch.ledger.ownership import owning
from gatewatch.paths import Home

HOLD = """
import fcntl, os, sys
fcntl.flock(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT), fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_home_has_one_owner_until_it_ends(home: Home) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home.lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdin
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Unreachable, match="holds"), owning(home):
            pass
        holder.kill()
    with owning(home), pytest.raises(Unreachable), owning(home):
        pass
    with owning(home):
        pass


def test_a_home_that_is_not_there_cannot_be_owned(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="no gateway") as raised, owning(Home(tmp_path / "nowhere")):
        pass
    assert "--home" in raised.value.next_step
