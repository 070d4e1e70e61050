"""`gatewatch deferred`: calls that wait are listed, shown and cancelled, also where no gateway runs."""

import json
from pathlib import Path

import pytest

from app.cli.main import main
from gatewatch.control.store import ControlStore
from gatewatch.deferred.store import DeferredStore
from gatewatch.paths import Home
from tests.gatewatch.deferred.test_store import add


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home").make()
    ControlStore.open(home.control).close()
    store = DeferredStore(home.deferred)
    add(store, "c1", team="search")
    store.close()
    return home


def told(home: Home, capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert main(["deferred", *arguments, "--home", str(home.root), "-o", "json"]) == 0
    rows: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return rows


def test_what_waits_is_listed_shown_and_cancelled(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = told(home, capsys, "list")
    assert (row["call_id"], row["status"], row["way"], row["target"]) == ("c1", "queued", "batch", "openai/gpt-4o-mini")
    assert told(home, capsys, "show", "c1") == [row]
    (after,) = told(home, capsys, "cancel", "c1")
    assert after["status"] == "cancelling"


def test_a_call_that_is_none_is_exit_code_3(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deferred", "show", "c9", "--home", str(home.root)]) == 3
    assert "gatewatch deferred list" in capsys.readouterr().err


def test_where_nobody_made_a_home_there_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(Home(tmp_path / "none"), capsys, "list") == []
