"""The top line: where one is, how old what one sees is."""

from app.console.snapshot import Problem, Question, Snapshot
from app.console.widgets.status_line import Standing, breadcrumb, state
from tests.kit.console_stage import LIVE, NOW
from tests.kit.journals import SECOND

FRESH = {"loaded_until": "2026-11-20T11:00:29.200000Z", "behind_bytes": 0, "alarms": []}
GOOD = Snapshot(NOW, Question(), live=LIVE, fresh=FRESH, answered_us=NOW)


def text(snapshot: Snapshot | None, **standing: int | bool) -> str:
    return state(snapshot, Standing(NOW, **standing)).plain  # type: ignore[arg-type]


def test_all_is_well() -> None:
    assert text(GOOD) == "● live  loaded 0.8 s ago  11:00:30 UTC"


def test_nothing_is_known_yet() -> None:
    assert text(None) == "connecting…"


def test_an_empty_ledger_says_so() -> None:
    assert "nothing loaded yet" in text(Snapshot(NOW, Question(), live=LIVE, fresh={"loaded_until": None}))


def test_alarms_are_counted_wherever_they_come_from() -> None:
    live = LIVE | {"alarms": [{"id": "a", "text": "x", "since": NOW}]}
    assert "▲ 1 alarm " in text(Snapshot(NOW, Question(), live=live, fresh=FRESH))
    assert "▲ 2 alarms " in text(Snapshot(NOW, Question(), live=live, fresh=FRESH | {"alarms": ["y"]}))


def test_a_pause_is_told_in_words_with_what_is_missed() -> None:
    assert text(GOOD, paused_us=NOW - 42 * SECOND, newer=3).startswith("▲ PAUSED 00:42 · 3 newer  ● live")
    assert "200+ newer" in text(GOOD, paused_us=NOW, newer=200)


def test_trouble_says_since_when() -> None:
    gone = Problem("x", "y", NOW - SECOND, unreachable=True)
    assert "✗ gateway not reachable since 11:00:29 UTC" in text(Snapshot(NOW, Question(), problem=gone))
    locked = Problem("x", "y", NOW - SECOND, unreachable=False)
    assert "✗ no answer from the ledger since 11:00:29 UTC" in text(Snapshot(NOW, Question(), problem=locked))


def test_a_slow_answer_is_waited_for_in_words() -> None:
    assert "▲ waiting 12 s for an answer" in text(GOOD, asked_us=NOW - 12 * SECOND)
    assert "waiting" not in text(GOOD, asked_us=NOW - SECOND)


def test_a_read_only_console_says_so() -> None:
    assert text(GOOD, read_only=True).startswith("READ-ONLY")


def test_the_way_here_is_harmless_text() -> None:
    assert breadcrumb(["Calls", "team=[b]\x1b"]).plain == "Calls › team=[b]␛"
