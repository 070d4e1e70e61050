"""Windows are put together from buckets, each once; filters say what they look at."""

from hypothesis import given
from hypothesis import strategies as st

from gatewatch.ledger.facts import Where, pieces, source_of, widened
from gatewatch.ledger.families import SPEND, TRAFFIC, UNITS
from gatewatch.timespan import Window
from tests.kit.journals import DAY, HOUR, MINUTE, NOW, T0


def test_a_long_window_is_minutes_hours_days_hours_minutes() -> None:
    midnight = T0 - 10 * HOUR
    window = Window(midnight - 2 * HOUR - MINUTE, midnight + 3 * DAY + 3 * HOUR + 5 * MINUTE)
    found = [(unit, (part.until_us - part.since_us) // UNITS[unit]) for unit, part in pieces(window)]
    assert found == [("minute", 1), ("hour", 2), ("day", 3), ("hour", 3), ("minute", 5)]


@given(st.integers(0, 10**6), st.integers(1, 10**5))
def test_pieces_cover_a_window_without_gap_or_overlap(first: int, minutes: int) -> None:
    window = Window(first * MINUTE, (first + minutes) * MINUTE)
    at = window.since_us
    for unit, part in pieces(window):
        assert part.since_us == at
        assert part.since_us % UNITS[unit] == part.until_us % UNITS[unit] == 0
        at = part.until_us
    assert at == window.until_us


def test_a_step_is_never_read_from_buckets_that_lie_across_it() -> None:
    window = Window(T0, T0 + 2 * DAY)
    assert {unit for unit, _ in pieces(window, 90 * MINUTE)} == {"minute"}
    assert {unit for unit, _ in pieces(window, 3 * HOUR)} == {"hour"}
    assert {unit for unit, _ in pieces(window, DAY)} == {"hour", "day"}


def test_widening_keeps_whole_windows() -> None:
    assert widened(Window(T0, T0 + MINUTE)) == Window(T0, T0 + MINUTE)
    assert widened(Window(T0 + 1, T0 + MINUTE + 1)) == Window(T0, T0 + 2 * MINUTE)


def test_a_filter_says_which_columns_it_looks_at() -> None:
    def columns(text: str) -> set[str]:
        return set(Where.of(text, NOW).columns)

    assert columns("") == set()
    assert columns("team=search status>=400") == {"team", "http_status"}
    assert columns("status=error | user=status") == {"status", "user"}
    assert columns("tag:env=prod cost>0.1 latency>2s") == {"tags", "cost", "latency_us"}
    assert columns("call_id=x") == {"call_id"}
    assert "error_message" in columns('"free text"')


def test_rollups_answer_what_they_know() -> None:
    assert source_of({"provider", "status"}, TRAFFIC) == "rollups"
    assert source_of({"provider"}, TRAFFIC, SPEND) == "rollups"
    assert source_of({"status"}, TRAFFIC, SPEND) == "calls"
    assert source_of({"tags"}, SPEND) == "calls"
