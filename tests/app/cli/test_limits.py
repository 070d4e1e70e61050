"""Limits at the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli.main import main
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `gatewatch limits …`: exit code, stdout, stderr."""
    home = Home(tmp_path / "home").make()
    monkeypatch.setenv("GATEWATCH_HOME", str(home.root))
    with ControlStore.open(home.control) as store:
        store.create_key("app", team="search", create_team=True, pepper=bytes(32))

    def limits(*argv: str) -> tuple[int, str, str]:
        code = main(["limits", *argv])
        said = capsys.readouterr()
        return code, said.out, said.err

    return limits


def test_limits_of_a_key_are_set_listed_and_removed(run: Run) -> None:
    code, out, _ = run("set", "key/app", "--requests", "60", "--tokens", "9000", "--concurrent", "2", "-o", "json")
    assert code == 0
    assert [(row["measure"], row["limit"], row["window"]) for row in json.loads(out)] == [
        ("requests", 60, "1m"), ("tokens", 9000, "1m"), ("concurrent", 2, None),
    ]  # fmt: skip
    run("set", "key/app", "--requests", "5", "--per", "1s")
    assert len(json.loads(run("list", "-o", "json")[1])) == 4
    gone = next(row["limit_id"] for row in json.loads(run("list", "-o", "json")[1]) if row["window"] == "1s")
    assert run("remove", "key/app", "--limit", gone)[0] == 0
    assert "60" in run("list")[1]
    assert run("remove", "key/app")[0] == 0
    assert json.loads(run("list", "-o", "json")[1]) == []


def test_keys_are_listed_by_their_names_and_names_of_nobody_are_marked(run: Run, tmp_path: Path) -> None:
    (made,) = json.loads(run("set", "key/app", "--requests", "60", "-o", "json")[1])
    assert made["key_name"] == "app"
    assert f"app ({made['name']})" in run("list")[1]
    (tmp_path / "home" / "gatewatch.yaml").write_text("limits: {a: {scope: key/app, requests: 5}}\n")
    assert "app (no such key)" in run("list")[1]
    rows = json.loads(run("list", "-o", "json")[1])
    assert {(row["name"], row["key_name"], row["name_known"]) for row in rows} == {
        (made["name"], "app", True), ("app", None, False),
    }  # fmt: skip


def test_a_tier_is_set_for_each_key_at_once(run: Run) -> None:
    assert run("set", "key", "--tier", "standard")[0] == 0
    (row,) = json.loads(run("list", "-o", "json")[1])
    assert (row["scope"], row["name"], row["limit"]) == ("key", None, 600)


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        (("set", "key/nobody", "--requests", "5"), 3, "no key"),
        (("set", "team/serch", "--requests", "5"), 3, "did you mean search"),
        (("set", "tem", "--requests", "5"), 2, "no scope"),
        (("set", "gateway"), 2, "--requests 60"),
        (("set", "gateway", "--requests", "0"), 2, "at least 1"),
        (("set", "gateway", "--requests", "5", "--per", "soon"), 2, "--per"),
        (("set", "gateway", "--tier", "golden"), 3, "starter, standard"),
        (("remove", "gateway"), 3, "limits list"),
    ],
)
def test_what_does_not_fit_ends_with_a_code_and_a_next_step(
    run: Run, argv: tuple[str, ...], code: int, says: str
) -> None:
    ended, out, err = run(*argv)
    assert (ended, out) == (code, "")
    assert says in err
