"""Which keys a command means, and the question before it is done."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from app.cli.keys.meaning import is_agreed, print_dry_run
from gatewatch.errors import UsageError

ROW: dict[str, Any] = {
    "id": "k0000001", "name": "app", "kind": "client", "team": "search", "state": "active", "last_used_at": None,
    "user": None, "service": "bot", "project": None, "in_flight": 2, "old": [], "day_unknown": None,
    "day": {"calls": 0, "callers": [], "callers_in_all": 0}, "would_break": ["2 calls in flight would be cut"],
}  # fmt: skip


def test_the_default_is_no(typed: Callable[[str], None], capsys: pytest.CaptureFixture[str]) -> None:
    typed("\n")
    assert not is_agreed([ROW], "Revoke?", yes=False)
    said = capsys.readouterr()
    assert said.out == "", "stdout is data only"
    for part in ("'app'", "2 calls in flight now", "! 2 calls in flight would be cut", "Revoke? [y/N]"):
        assert part in said.err


def test_scripts_say_yes_or_are_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert is_agreed([ROW], "Revoke?", yes=True)
    with pytest.raises(UsageError, match="confirmation"):
        is_agreed([ROW], "Revoke?", yes=False)
    assert capsys.readouterr().err == ""


def test_a_dry_run_has_its_rows_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    print_dry_run([ROW], "csv")
    said = capsys.readouterr()
    assert "k0000001,app,client,search,bot,,2,0" in said.out
    assert said.err == ""
