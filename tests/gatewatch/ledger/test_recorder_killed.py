"""SIGKILL of the recorder, at any step: every line is in the ledger once, as if nothing had happened."""

import random
import shutil
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.gatewatch.ledger.queries.conftest import mixed_traffic
from tests.kit.exact import usd
from tests.kit.journals import NOW, records, segment, worker

ROOT = Path(__file__).resolve().parents[3]
ROUNDS = 24


def recorded(home: Home, die_before_step: int) -> int:
    """Run a recorder in a process of its own that dies before a step; returns how many steps it took, or -1."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.kit.dying_recorder", str(home.root), str(die_before_step)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == -signal.SIGKILL:
        return -1
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.fixture
def journal(tmp_path: Path) -> tuple[Home, list[bytes]]:
    """Two segments: one of a run that is over, with calls left open, and a torn line at its end."""
    lines = mixed_traffic(90)
    home = Home(tmp_path / "original").make()
    split = next(n for n in range(60, len(lines)) if lines[n - 1].startswith(b'{"k":"close"'))
    segment(home, *lines[:split])
    segment(home, *lines[split:], b'{"torn', run="20261120T103000Z-00000002")
    return home, lines


def expected(lines: list[bytes]) -> tuple[int, Decimal, int]:
    """Calls, their cost and attempts, by plain Python."""
    closed = {record["call_id"]: record for record in records(lines, "close")}
    left = [record for record in records(lines, "open") if record["call_id"] not in closed]
    return len(closed) + len(left), usd([*closed.values(), *left]), len(records(lines, "attempt"))


@pytest.mark.long
def test_a_recorder_that_is_killed_at_any_step_loses_and_doubles_nothing(
    journal: tuple[Home, list[bytes]], tmp_path: Path
) -> None:
    original, lines = journal
    calls, cost, attempts = expected(lines)
    steps = recorded(Home(shutil.copytree(original.root, tmp_path / "counted")), 0)
    assert steps > 100, "the journal is too small to be killed in the middle"
    for fatal in sorted(random.Random(11).sample(range(1, steps + 1), ROUNDS)):
        home = Home(shutil.copytree(original.root, tmp_path / f"step-{fatal}"))
        assert recorded(home, fatal) == -1
        again = fatal % 3 == 0 and recorded(home, 7)  # and once more, early in its recovery
        service = LedgerService(home, clock=lambda: NOW)
        service.load_once()
        row = service.ask("overview", since="2026-11-20", until="2026-11-21").rows[0]
        assert (row["calls"] - 57, Decimal(row["cost_usd"])) == (calls, cost), (fatal, again)
        checked = service.check()
        assert checked.ok, (fatal, checked.problems)
        assert checked.calls == calls
        assert service._connection is not None
        assert service._connection.execute("SELECT count(*) FROM attempts").fetchall() == [(attempts,)]
        assert service._connection.execute("SELECT count(*) FROM journal_quarantine").fetchall() == [(1,)]
        assert [path.name for path in home.journal.iterdir() if path.is_file()] == []
        assert len(list(home.loaded.glob("*.zst"))) == len(list(home.loaded.iterdir())) == 2
        service.close()


@pytest.mark.slow
def test_a_recorder_that_is_killed_again_and_again_beside_a_living_worker_keeps_up(tmp_path: Path) -> None:
    home, lines = Home(tmp_path / "home").make(), mixed_traffic(240)
    calls, cost, _ = expected(lines)
    chance = random.Random(5)
    with worker(home) as alive:
        for begin in range(0, len(lines), 20):
            alive.write(*lines[begin : begin + 20])
            recorded(home, chance.randrange(1, 60))
    service = LedgerService(home, clock=lambda: NOW)
    service.load_once()
    row = service.ask("overview", since="2026-11-20", until="2026-11-21").rows[0]
    assert (row["calls"] - 57, Decimal(row["cost_usd"])) == (calls, cost)
    assert service.check().ok
    service.close()
