import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewatch.timespan import Window, duration_text, iso, month, parse_age, parse_duration, parse_instant

NOW = 1_795_255_200_000_000  # `date -u -d 2026-11-21T10:00:00Z +%s` is 1795255200


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("500ms", 500_000),
        ("90s", 90_000_000),
        ("15m", 900_000_000),
        ("24h", 86_400_000_000),
        ("7d", 604_800_000_000),
        ("2w", 1_209_600_000_000),
        (" 1s ", 1_000_000),
        ("0s", 0),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, us: int) -> None:
    assert parse_duration(text) == us


@pytest.mark.parametrize(
    "text", ["", "15", "m", "-5m", "1.5h", "15 m", "1h30m", "15M", "1e3s", "٣m", "9" * 5000 + "s", "101000w"]
)
def test_anything_else_is_not_a_duration(text: str) -> None:
    with pytest.raises(ValueError):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW),
        ("15m", NOW - 900_000_000),
        ("2026-11-21", 1_795_219_200_000_000),
        ("2026-11-21T10:00:00Z", NOW),
        ("2026-11-21 10:00", NOW),
        ("2026-11-21T10:00:00.000001Z", NOW + 1),
        ("2026-11-21T11:30:00+01:30", NOW),
        ("2026-11-21T05:00:00-0500", NOW),
        ("1970-01-01", 0),
    ],
)
def test_a_time_without_an_offset_is_utc(text: str, expected: int) -> None:
    assert parse_instant(text, NOW) == expected


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026", "2026-13-01", "2026-02-30", "20261121", "2026-W47-6", "10:00", "1795255200"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time"):
        parse_instant(text, NOW)


def test_an_age_is_a_duration_or_a_past_time_and_never_negative() -> None:
    assert parse_age("30d", NOW) == 30 * 86_400_000_000
    assert parse_age("2026-11-21", NOW) == 10 * 3_600_000_000
    with pytest.raises(ValueError, match="future"):
        parse_age("2026-11-22", NOW)


def test_a_time_is_shown_with_six_digits_and_z() -> None:
    assert iso(NOW) == "2026-11-21T10:00:00.000000Z"
    assert iso(NOW + 123_456) == "2026-11-21T10:00:00.123456Z"
    assert iso(-1) == "1969-12-31T23:59:59.999999Z"


@given(st.integers(min_value=0, max_value=4_000_000_000_000_000))
def test_what_is_shown_is_read_back_to_the_microsecond(us: int) -> None:
    assert parse_instant(iso(us), NOW) == us


@given(st.integers(min_value=0, max_value=3_000_000_000).map(lambda milliseconds: milliseconds * 1000))
def test_a_duration_is_written_so_that_it_reads_back(us: int) -> None:
    assert parse_duration(duration_text(us)) == us


def test_durations_are_written_in_their_largest_unit() -> None:
    assert [duration_text(us) for us in (600_000_000, 5_000_000, 86_400_000_000, 0)] == ["10m", "5s", "1d", "0s"]
    with pytest.raises(ValueError):
        duration_text(1)


def test_a_window_is_the_last_hour_unless_told() -> None:
    assert Window.parse(None, None, NOW) == Window(NOW - 3_600_000_000, NOW)
    assert Window.parse("24h", None, NOW) == Window(NOW - 86_400_000_000, NOW)
    assert Window.parse("2026-11-20", "2026-11-21", NOW) == Window(1_795_132_800_000_000, 1_795_219_200_000_000)


def test_an_empty_window_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        Window.parse("1h", "2h", NOW)
    with pytest.raises(ValueError, match="empty"):
        Window.parse("now", "now", NOW)


def test_a_month_begins_and_ends_where_its_zone_says() -> None:
    # `date -u -d 2026-10-01 +%s`, and with TZ=Europe/Berlin (UTC+2, from 25 October UTC+1)
    assert month("2026-10") == Window(1_790_812_800_000_000, 1_793_491_200_000_000)
    assert month("2026-10", "Europe/Berlin") == Window(1_790_805_600_000_000, 1_793_487_600_000_000)
    assert month("2026-12").until_us == 1_798_761_600_000_000


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2026-13", "UTC"),
        ("2026-1", "UTC"),
        ("10-2026", "UTC"),
        ("2026-10", "Mars/One"),
        ("2026-10", "../etc/passwd"),
        ("0000-01", "UTC"),
    ],
)
def test_what_is_no_month_or_zone_is_refused(text: str, zone: str) -> None:
    with pytest.raises(ValueError):
        month(text, zone)
