"""Roles at the command line."""

import json
import os
import pwd
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli.main import main

Run = Callable[..., tuple[int, str, str]]
OWNER = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("GATEWATCH_HOME", str(tmp_path / "home"))
    assert main(["teams", "create", "search"]) == 0
    capsys.readouterr()

    def roles(*argv: str) -> tuple[int, str, str]:
        code = main(["roles", *argv])
        said = capsys.readouterr()
        return code, said.out, said.err

    return roles


def test_where_nothing_is_set_it_says_who_may_everything(run: Run) -> None:
    code, out, _ = run("list", "-o", "json")
    assert code == 0
    assert [(row["login"], row["role"], row["why"]) for row in json.loads(out)] == [
        (OWNER, "super-admin", "owns the home"),
        ("*", "super-admin", "nothing else was set"),
    ]


def test_a_role_is_set_and_taken_away(run: Run) -> None:
    code, out, _ = run("set", "uwe", "user", "-o", "json")
    assert (code, json.loads(out)["role"], json.loads(out)["before"]) == (0, "user", "super-admin")
    assert "uwe" in run("list")[1]
    code, out, _ = run("unset", "uwe", "-o", "json")
    assert (code, json.loads(out)["role"]) == (0, "super-admin")
    assert "uwe" not in run("list")[1]


def test_what_each_role_may_is_a_table(run: Run) -> None:
    rows = {row["permission"]: row for row in json.loads(run("permissions", "-o", "json")[1])}
    assert rows["keys.rotate"] == {
        "permission": "keys.rotate",
        "none": None,
        "user": None,
        "admin": "yes",
        "super-admin": "yes",
    }


def test_what_may_not_be_is_refused_with_its_code(run: Run) -> None:
    code, _, err = run("set", OWNER, "user")
    assert (code, "owns this home" in err) == (4, True)
    code, _, err = run("unset", "nobody-there")
    assert code == 3
    with pytest.raises(SystemExit) as wrong:
        run("set", "uwe", "king")
    assert wrong.value.code == 2
