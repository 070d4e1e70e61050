"""One key, as a person reads it."""

from collections.abc import Callable
from typing import Any

from gatewatch.paths import Home
from tests.kit.journals import a_call, closing, segment

Run = Callable[..., tuple[int, str, str]]
Ask = Callable[..., Any]


def test_a_new_key_is_told_in_a_few_lines(run: Run, made: Ask) -> None:
    key = made("app", "--max-usd", "5", "--models", "gpt-4o", "--networks", "10.0.0.0/8")
    code, out, _ = run("show", "app")
    assert code == 0
    for part in (key["id"], "never used", "gpt-4o", "10.0.0.0/8", "0 of 5", "current", "no calls in 30 days"):
        assert part in out
    assert key["secret"][20:] not in out


def test_who_uses_it_is_told_and_hostile_names_are_harmless(run: Run, made: Ask, ask: Ask, home: Home) -> None:
    from gatewatch.control.records import now_us

    key = made("app")
    ask("rotate", "app", "--yes")
    hostile = "evil\x1b]52;c;aGk=\x07\u202eclient"
    call = a_call(1, at_us=now_us(), key_id=key["id"], key_version=1, source="192.0.2.7", client=hostile)
    segment(home, closing(call))
    out = run("show", "app")[1]
    assert "192.0.2.7" in out
    assert "who came with an old one since the rotation" in out
    assert all(line.isprintable() for line in out.splitlines())
    assert "! 1 caller of the last 24 h would be refused" in out
    code, _, err = run("revoke", "app", "--dry-run")
    assert code == 0
    assert "\x1b" not in err


def test_a_revoked_key_breaks_nothing_any_more(run: Run, made: Ask, ask: Ask) -> None:
    made("app")
    ask("revoke", "app", "--yes")
    out = run("show", "app")[1]
    assert "revoked" in out
    assert "If it were revoked now" not in out
