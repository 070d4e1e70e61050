"""Teams at the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli.main import main
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path / "home"))
    return Home(tmp_path / "home")


@pytest.fixture
def run(home: Home, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `gatewatch teams …`: exit code, stdout, stderr."""

    def teams(*argv: str) -> tuple[int, str, str]:
        code = main(["teams", *argv])
        said = capsys.readouterr()
        return code, said.out, said.err

    return teams


def test_a_team_is_made_listed_and_shown_with_its_projects_and_active_keys(run: Run, home: Home) -> None:
    code, out, _ = run("create", "search", "-o", "json")
    assert code == 0
    assert json.loads(out) | {"created_at": "", "created_by": ""} == {
        "name": "search", "projects": [], "services": [], "keys": [], "managed_by": "control",
        "created_at": "", "created_by": "",
    }  # fmt: skip
    with ControlStore.open(home.control) as store:
        key, _ = store.create_key("app", team="search", project="ranker", pepper=bytes(32))
        gone, _ = store.create_key("old", team="search", pepper=bytes(32))
        store.revoke_key(gone.id)
    shown = json.loads(run("show", "search", "-o", "json")[1])
    assert (shown["projects"], shown["keys"]) == (["ranker"], [key.id])
    assert json.loads(run("list", "-o", "json")[1]) == [shown]
    assert "search" in run("list")[1]


def test_no_vault_is_needed_for_teams(run: Run, home: Home) -> None:
    run("create", "search")
    assert not home.vault.exists()
    assert not home.vault_key.exists()


def test_a_name_that_is_taken_or_unfit_is_a_usage_error(run: Run) -> None:
    run("create", "search")
    for name in ("search", "SEARCH", "\x1b[2J", "a/b"):
        code, out, err = run("create", name)
        assert (code, out) == (2, "")
        assert err.replace("\n", "").isprintable()


def test_where_there_is_no_gateway_there_are_no_teams(run: Run, home: Home) -> None:
    assert run("list", "-o", "json")[:2] == (0, "[]\n")
    assert run("show", "search")[0] == 3
    assert not home.root.exists()
    run("create", "search")
    code, _, err = run("show", "nobody")
    assert code == 3
    assert "gatewatch teams create" in err
