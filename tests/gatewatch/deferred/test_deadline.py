"""A caller says until when its call is to be answered, by a duration or by a time."""

import pytest

from gatewatch.deferred.deadline import deadline_of, late_from

NOW = 1_763_719_200_000_000  # 2025-11-21T10:00:00Z
MINUTE = 60_000_000


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        (None, 24 * 60),
        ("", 24 * 60),
        ("4h", 4 * 60),
        (" 90m ", 90),
        ("7d", 7 * 24 * 60),
        ("2025-11-21T18:00:00Z", 8 * 60),
        ("2025-11-21T18:00:00+02:00", 6 * 60),
        ("2025-11-22", 14 * 60),
    ],
)
def test_a_deadline_is_a_duration_or_a_time_and_a_day_where_nothing_is_said(said: str | None, minutes: int) -> None:
    assert deadline_of(said, NOW) == NOW + minutes * MINUTE


@pytest.mark.parametrize("said", ["8d", "0s", "500ms", "2025-11-21T09:59:00Z", "2026-01-01", "now"])
def test_a_deadline_lies_within_the_next_seven_days(said: str) -> None:
    with pytest.raises(ValueError, match="between a second and 7 days"):
        deadline_of(said, NOW)


@pytest.mark.parametrize("said", ["soon", "4 hours", "-4h", "2025-13-01", "4h; 5h", "9" * 40 + "h"])
def test_anything_else_is_no_deadline(said: str) -> None:
    with pytest.raises(ValueError, match="a duration such as 4h"):
        deadline_of(said, NOW)


@pytest.mark.parametrize(("span", "margin"), [(20, 2), (60, 6), (150, 15), (24 * 60, 15), (7 * 24 * 60, 15)])
def test_what_waits_for_a_cheaper_way_gives_up_a_tenth_of_its_time_before_the_deadline(span: int, margin: int) -> None:
    assert late_from(NOW, NOW + span * MINUTE) == NOW + (span - margin) * MINUTE
