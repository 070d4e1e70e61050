"""Keys in words."""

from app.cli.keys.telling import about, callers, counted, headline, short

KEY = {
    "id": "k0000001", "name": "app", "kind": "client", "team": "search", "state": "active",
    "last_used_at": "2026-11-20T10:00:00.123456Z", "day": None, "day_unknown": "the ledger is \x1b[2J damaged",
    "in_flight": None, "would_break": [],
    "old": [{"version": 1, "valid_until": "2026-11-20T11:00:00.000000Z"}],
}  # fmt: skip


def caller(n: int) -> dict[str, object]:
    return {
        "source": f"10.0.0.{n}", "client": "app\x1b[2J", "key_version": 1, "calls": 1200, "blocked": 3,
        "last_used": "2026-11-20T10:00:00.000000Z",
    }  # fmt: skip


def test_a_key_in_one_line() -> None:
    assert headline(KEY) == "'app' (k0000001), client key of team 'search', active, last used 2026-11-20T10:00:00Z"


def test_what_is_not_known_is_said_and_nothing_controls_the_terminal() -> None:
    lines = list(about(KEY))
    assert all(line.isprintable() for line in lines)
    assert any("not known" in line for line in lines)
    assert any("no gateway runs" in line for line in lines)
    assert any("version 1 still works, until 2026-11-20T11:00:00Z" in line for line in lines)


def test_callers_are_few_lines_and_the_rest_a_number() -> None:
    lines = list(callers([caller(n) for n in range(8)], 8))
    assert len(lines) == 6
    assert "1,200 calls (3 refused), secret 1" in lines[0]
    assert lines[-1].strip() == "and 3 more"
    assert all(line.isprintable() for line in lines)


def test_words() -> None:
    assert counted(1, "call") == "1 call"
    assert short("2026-11-20T10:00:00.123456Z") == "2026-11-20T10:00:00Z"
