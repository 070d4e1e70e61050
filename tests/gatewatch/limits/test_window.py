# ruff: noqa: E501
"""Which bucket a moment counts in, and which buckets count. Instants by hand, with the tables of the tz database."""

from datetime import UTC, datetime

import pytest

from gatewatch.limits.window import Period, Window, calendar

SECOND = 1_000_000


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp()) * SECOND


@pytest.mark.parametrize(
    ("period", "zone", "at", "begin", "end"),
    [
        ("minute", "UTC", "2026-11-21T17:14:59+00:00", "2026-11-21T17:14:00+00:00", "2026-11-21T17:15:00+00:00"),
        ("hour", "UTC", "2026-11-21T17:14:59+00:00", "2026-11-21T17:00:00+00:00", "2026-11-21T18:00:00+00:00"),
        ("hour", "Asia/Kolkata", "2026-11-21T17:14:59+00:00", "2026-11-21T16:30:00+00:00", "2026-11-21T17:30:00+00:00"),
        ("day", "UTC", "2026-11-21T00:00:00+00:00", "2026-11-21T00:00:00+00:00", "2026-11-22T00:00:00+00:00"),
        ("day", "America/New_York", "2026-11-21T04:59:59+00:00", "2026-11-20T05:00:00+00:00", "2026-11-21T05:00:00+00:00"),
        # the night in which clocks go back has 25 hours, the one in which they go forward 23
        ("day", "Europe/Berlin", "2026-10-25T12:00:00+01:00", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"),
        ("day", "Europe/Berlin", "2026-03-29T12:00:00+02:00", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"),
        ("hour", "Europe/Berlin", "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"),
        ("hour", "Europe/Berlin", "2026-10-25T02:30:00+01:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"),
        # on Lord Howe Island they change by half an hour: at 2:00 back to 1:30, and forward to 2:30
        ("hour", "Australia/Lord_Howe", "2027-04-04T01:50:00+11:00", "2027-04-04T01:00:00+11:00", "2027-04-04T02:00:00+11:00"),
        ("hour", "Australia/Lord_Howe", "2027-04-04T01:50:00+10:30", "2027-04-04T02:00:00+11:00", "2027-04-04T02:00:00+10:30"),
        ("hour", "Australia/Lord_Howe", "2026-10-04T02:45:00+11:00", "2026-10-04T02:00:00+10:30", "2026-10-04T03:00:00+11:00"),
        ("day", "America/Havana", "2026-11-01T00:30:00-05:00", "2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00"),
        ("week", "UTC", "2026-11-22T23:00:00+00:00", "2026-11-16T00:00:00+00:00", "2026-11-23T00:00:00+00:00"),
        ("month", "UTC", "2026-12-31T23:59:59+00:00", "2026-12-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
        ("month", "Europe/Berlin", "2026-10-31T22:59:59+00:00", "2026-09-30T22:00:00+00:00", "2026-10-31T23:00:00+00:00"),
        ("month", "Pacific/Auckland", "2024-02-29T12:00:00+00:00", "2024-02-29T11:00:00+00:00", "2024-03-31T11:00:00+00:00"),
    ],
)  # fmt: skip
def test_a_period_begins_and_ends_as_the_calendar_of_its_place_says(
    period: Period, zone: str, at: str, begin: str, end: str
) -> None:
    assert calendar(period, zone, us(at)) == (us(begin), us(end))
    window = Window(period=period, zone=zone)
    assert window.bucket(us(at)) == window.oldest(us(at)) == us(begin)
    assert window.leaves(us(begin)) == us(end)


def test_asking_for_an_earlier_time_after_a_later_one_is_answered_for_that_time() -> None:
    window = Window(period="day")
    assert window.bucket(us("2026-11-21T01:00:00+00:00")) == us("2026-11-21T00:00:00+00:00")
    assert window.bucket(us("2026-11-20T23:59:59+00:00")) == us("2026-11-20T00:00:00+00:00")


@pytest.mark.parametrize(
    "zone",
    ["Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "America/Havana", "Asia/Beirut", "Antarctica/Troll"],
)
def test_each_moment_lies_in_its_period_and_that_ends_where_the_next_one_begins_over_years(zone: str) -> None:
    for period in ("hour", "day", "week", "month"):
        at = us("2026-03-01T00:00:00+00:00")
        for _ in range(10_000 if period == "hour" else 500):
            begin, end = calendar(period, zone, at)
            assert begin <= at < end
            for inside in (begin, (begin + end) // 2, end - 1):
                assert calendar(period, zone, inside) == (begin, end)
            at = end


@pytest.mark.parametrize(("seconds", "width"), [(6, 0.1), (60, 1), (90, 1.5), (120, 2), (3600, 60), (86_400, 1440)])
def test_a_rolling_window_has_sixty_buckets(seconds: int, width: float) -> None:
    assert Window(seconds=seconds).width == width * SECOND


def test_no_window_is_more_than_a_sixtieth_longer_than_it_says() -> None:
    """Forty a second are no more than fifty, also where the window is one second."""
    for seconds in (1, 10, 59, 60):
        assert seconds <= Window(seconds=seconds).longest / SECOND <= seconds * 61 / 60


@pytest.mark.parametrize("seconds", [1, 7, 60, 100, 3600, 30 * 86_400])
def test_a_bucket_counts_until_its_last_moment_has_left_the_window_and_no_longer(seconds: int) -> None:
    window = Window(seconds=seconds)
    at = us("2026-11-21T17:14:59+00:00") + 123_456
    bucket = window.bucket(at)
    assert bucket <= at < bucket + window.width
    gone = window.leaves(bucket)
    assert gone >= at + seconds * SECOND, "never shorter than it says"
    assert gone <= at + seconds * SECOND + window.width
    assert window.oldest(gone - 1) <= bucket < window.oldest(gone)


def test_windows_are_called_as_people_write_them() -> None:
    assert [Window(seconds=seconds).text for seconds in (45, 60, 5400, 86_400, 604_800)] == [
        "45s",
        "1m",
        "90m",
        "1d",
        "7d",
    ]
    assert Window(period="month").text == "month"
    assert Window(period="day", zone="Europe/Berlin").text == "day Europe/Berlin"
