"""Keys are revoked at the command line."""

import json
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., tuple[int, str, str]]
Ask = Callable[..., Any]


def states(ask: Ask) -> dict[str, str]:
    return {row["name"]: row["state"] for row in ask("list")}


def test_one_key_is_one_object_and_many_are_rows(made: Ask, ask: Ask) -> None:
    for name in ("one", "two", "three"):
        made(name)
    assert ask("revoke", "one", "--yes")["state"] == "revoked"
    rows = ask("revoke", "two", "three", "--yes")
    assert [(row["name"], row["result"]) for row in rows] == [("two", "revoked"), ("three", "revoked")]


def test_a_whole_team_is_asked_about_key_by_key(run: Run, made: Ask, ask: Ask, typed: Callable[[str], None]) -> None:
    for name in ("one", "two"):
        made(name)
    made("invoices", team="billing")
    typed("n\n")
    code, out, err = run("revoke", "--team", "search")
    assert (code, out) == (1, "")
    assert "Nothing was revoked." in err
    for name in ("one", "two"):
        assert f"{name!r}" in err
    assert "invoices" not in err
    assert set(states(ask).values()) == {"active"}
    typed("y\n")
    code, _, err = run("revoke", "--team", "search")
    assert code == 0
    assert "2 of 2 keys are revoked" in err
    assert states(ask) == {"one": "revoked", "two": "revoked", "invoices": "active"}


def test_a_dry_run_lists_and_changes_nothing(run: Run, made: Ask, ask: Ask) -> None:
    made("app", "--service", "bot")
    (row,) = ask("revoke", "--service", "bot", "--dry-run")
    assert row["would_break"] == ["service bot has no other key", "team search has no other client key"]
    code, out, err = run("revoke", "--owner", "bot", "--dry-run")
    assert code == 0
    assert "app" in out
    assert "! service bot has no other key" in err
    assert states(ask) == {"app": "active"}


def test_nothing_is_meant_by_nothing(run: Run, made: Ask) -> None:
    made()
    code, _, err = run("revoke", "--yes")
    assert code == 2
    assert "--team" in err
    assert run("revoke", "app", "--team", "search", "--yes")[0] == 2


def test_what_fits_nothing_revokes_nothing_and_says_so(run: Run, made: Ask) -> None:
    made()
    code, out, err = run("revoke", "--unused-for", "30d", "--yes", "-o", "json")
    assert (code, json.loads(out)) == (0, [])
    assert "0 of 0" in err


@pytest.mark.parametrize("span", ["soon", "-3d", "sk-" + "q1" * 20])
def test_a_span_that_is_none_is_a_usage_error(run: Run, made: Ask, span: str) -> None:
    made()
    code, out, err = run("revoke", f"--older-than={span}", "--yes")
    assert (code, out) == (2, "")
    assert "q1q1q1" not in err
