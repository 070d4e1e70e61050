"""`gatewatch ledger`: check, rebuild, snapshot."""

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from app.cli.main import main
from gatewatch.ledger.ownership import owning
from gatewatch.paths import Home
from tests.kit.journals import a_call, segment, whole

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path / "home"))
    return Home(tmp_path / "home").make()


@pytest.fixture
def run(home: Home, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `gatewatch ledger …`: exit code, stdout, stderr."""

    def ledger(*argv: str) -> tuple[int, str, str]:
        code = main(["ledger", *argv])
        said = capsys.readouterr()
        return code, said.out, said.err

    return ledger


def test_a_sound_ledger_passes_its_check(home: Home, run: Run) -> None:
    segment(home, *[whole(a_call(n)) for n in range(5)])
    code, out, err = run("check", "-o", "json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {"ok": True, "problems": [], "calls": 5, "segments": 1, "gone": 0}


def test_a_ledger_that_lost_a_call_does_not(home: Home, run: Run) -> None:
    segment(home, *[whole(a_call(n)) for n in range(5)])
    run("check")
    with duckdb.connect(str(home.ledger)) as spoiling:
        spoiling.execute("DELETE FROM calls WHERE rowid = 0")
    code, out, err = run("check")
    assert code == 1
    assert "in the journal" in err
    assert "False" in out


def test_a_damaged_ledger_is_rebuilt(home: Home, run: Run) -> None:
    segment(home, *[whole(a_call(n)) for n in range(5)])
    run("check")
    home.ledger.write_bytes(b"damaged")
    code, _, err = run("check")
    assert code == 5
    assert "ledger rebuild" in err
    code, out, err = run("rebuild", "-o", "json")
    assert code == 0
    assert json.loads(out)["calls"] == 5
    assert "5 calls" in err
    assert run("check")[0] == 0


def test_loss_is_accepted_only_when_said(home: Home, run: Run) -> None:
    segment(home, *[whole(a_call(n)) for n in range(5)])
    run("check")
    for packed in home.loaded.iterdir():
        packed.unlink()
    code, _, err = run("rebuild")
    assert code == 4
    assert "--accept-loss" in err
    assert run("rebuild", "--accept-loss")[0] == 0


def test_nothing_is_rebuilt_under_a_running_gateway(home: Home, run: Run) -> None:
    with owning(home):
        assert run("rebuild")[0] == 5


def test_a_snapshot_is_a_ledger_to_explore(home: Home, run: Run, tmp_path: Path) -> None:
    segment(home, *[whole(a_call(n)) for n in range(5)])
    code, out, _ = run("snapshot", str(tmp_path / "copy.duckdb"), "-o", "json")
    assert code == 0
    assert json.loads(out)["path"] == str(tmp_path / "copy.duckdb")
    with duckdb.connect(str(tmp_path / "copy.duckdb"), read_only=True) as copy:
        assert copy.execute("SELECT count(*) FROM calls").fetchall() == [(5,)]
    assert run("snapshot", str(tmp_path / "copy.duckdb"))[0] == 2
    assert run("snapshot", str(tmp_path / "nowhere" / "copy.duckdb"))[0] == 1


def test_no_home_is_exit_code_5(tmp_path: Path, run: Run) -> None:
    for action in (["check"], ["rebuild"], ["snapshot", str(tmp_path / "x")]):
        assert run(*action, "--home", str(tmp_path / "nowhere"))[0] == 5
    assert not (tmp_path / "nowhere").exists()
