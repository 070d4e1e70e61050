"""Pace and forecast, against figures worked out by hand and with the statistics module."""

import math
import statistics
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from gatewatch.limits.pace import Forecast, at_most, forecast, span, steps
from gatewatch.limits.window import Window

DAY, HOUR = 86_400_000_000, 3_600_000_000
MONTH = Window(period="month")
USD = 10**12


def at(text: str, zone: str = "UTC") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1_000_000


def november(day: int) -> int:
    return at(f"2026-11-{day:02}")


def test_a_month_spent_evenly_ends_at_what_it_costs_a_day_times_its_days() -> None:
    by_day = {november(day): 10 * USD for day in range(1, 11)}
    found = forecast(MONTH, november(11), 100 * USD, by_day)
    assert found == Forecast(300 * USD, 300 * USD, 300 * USD)


def test_the_interval_is_that_of_a_sum_of_days_to_come() -> None:
    amounts = [7, 12, 9, 15, 4, 11, 10, 13]
    by_day = {november(day): amount * USD for day, amount in enumerate(amounts, start=1)}
    found = forecast(MONTH, november(9), sum(amounts) * USD, by_day)
    assert found is not None
    assert found.amount == sum(amounts) * USD * 30 // 8
    assert found.low is not None
    assert found.high is not None
    to_come, t = 22, 1.415  # 90 % point of Student's t with 7 degrees of freedom, from a table
    width = t * statistics.stdev(amounts) * math.sqrt(to_come + to_come**2 / len(amounts))
    assert (found.high - found.amount) / USD == pytest.approx(width, rel=1e-6)
    assert (found.amount - found.low) / USD == pytest.approx(width, rel=1e-6)


def test_a_forecast_is_never_below_what_is_spent_already() -> None:
    by_day = {november(1): 1 * USD, november(2): 100 * USD, november(3): 1 * USD}
    found = forecast(MONTH, november(4), 102 * USD, by_day)
    assert found is not None
    assert found.low == 102 * USD


def test_the_first_hour_of_a_month_is_not_taken_for_all_of_it() -> None:
    """One step (a day) is the least that a rate is taken over: 10 USD a day for what is left of 30 days."""
    now = november(1) + HOUR
    found = forecast(MONTH, now, 10 * USD, {november(1): 10 * USD})
    assert found == Forecast(10 * USD + 10 * USD * (30 * 24 - 1) // 24, None, None, is_early=True)


def test_early_in_a_month_the_week_before_it_counts_as_observed() -> None:
    """Seven days and a half look back: 24 October to 31 October at 8 USD a day, then a first day without any use."""
    days = [at(f"2026-10-{day}") for day in range(25, 32)]
    now = november(1) + 12 * HOUR
    assert steps(MONTH, now) == (at("2026-10-25"), *days[1:], november(1))
    found = forecast(MONTH, now, 0, dict.fromkeys(days, 8 * USD))
    assert found is not None
    assert found.amount == 7 * 8 * USD * (29 * 24 + 12) // (7 * 24 + 12)


def test_a_team_that_began_late_is_not_diluted_by_the_days_before() -> None:
    by_day = {november(day): 20 * USD for day in range(21, 26)}
    assert forecast(MONTH, november(26), 100 * USD, by_day) == Forecast(200 * USD, 200 * USD, 200 * USD)


def test_days_are_those_of_the_zone_and_know_summer_time() -> None:
    window = Window(period="month", zone="Europe/Berlin")
    now = at("2026-10-28", "Europe/Berlin")
    begins = steps(window, now)
    assert begins[0] == at("2026-10-01", "Europe/Berlin") == at("2026-09-30T22:00:00")
    assert begins[-3] == at("2026-10-26", "Europe/Berlin") == at("2026-10-25T23:00:00")
    assert span(window, now) == (at("2026-10-01", "Europe/Berlin"), at("2026-11-01", "Europe/Berlin"))


def test_days_are_foreseen_by_hours_and_hours_by_minutes() -> None:
    now = november(5) + 6 * HOUR
    by_hour = {november(5) + hour * HOUR: 2 for hour in range(6)}
    assert forecast(Window(period="day"), now, 12, by_hour) == Forecast(48, 48, 48)
    assert len(steps(Window(period="hour"), november(5) + 30 * 60_000_000)) == 31


def test_a_day_on_which_clocks_change_by_half_an_hour_has_a_step_more() -> None:
    """Lord Howe Island, 4 April 2027: 24 and a half hours, of which 2:00 to 1:30 has the shorter one."""
    begin, end = at("2027-04-04", "Australia/Lord_Howe"), at("2027-04-05", "Australia/Lord_Howe")
    found = [each for each in steps(Window(period="day", zone="Australia/Lord_Howe"), end - 1) if each >= begin]
    assert end - begin == 24 * HOUR + HOUR // 2
    assert [later - earlier for earlier, later in pairwise(found)].count(HOUR // 2) == 1
    assert len(found) == 25


def test_what_nobody_has_used_costs_nothing_so_far() -> None:
    assert forecast(MONTH, november(9), 0, {}) == Forecast(0, None, None, is_early=True)


def test_rolling_windows_have_no_end_to_be_foreseen() -> None:
    rolling = Window(seconds=7 * 86_400)
    assert span(rolling, november(9)) is None
    assert forecast(rolling, november(9), 5, {}) is None
    assert forecast(Window(period="minute"), november(9), 5, {}) is None


def test_times_are_utc_unless_a_zone_is_named() -> None:
    begin = datetime(2026, 11, 1, tzinfo=UTC)
    assert span(MONTH, november(30)) == (
        int(begin.timestamp()) * 1_000_000,
        int(begin.replace(month=12).timestamp()) * 1_000_000,
    )


def test_a_forecast_wakes_nobody_before_a_day_or_a_tenth_of_the_period_was_observed() -> None:
    def is_early(window: Window, begin: int, now: int) -> bool:
        found = forecast(window, now, 1, {begin: 1})
        assert found is not None
        return found.is_early

    day, minute = november(5), 60_000_000
    assert is_early(MONTH, day, day + 23 * HOUR)
    assert not is_early(MONTH, day, day + 25 * HOUR)
    assert is_early(Window(period="day"), day, day + 2 * HOUR)
    assert not is_early(Window(period="day"), day, day + 3 * HOUR)
    assert is_early(Window(period="hour"), day, day + 5 * minute)
    assert not is_early(Window(period="hour"), day, day + 7 * minute)


@pytest.mark.parametrize("day", [1, 2, 15, 30])
def test_the_quick_bound_is_never_below_the_forecast(day: int) -> None:
    now = november(day) + 5 * HOUR
    for begins in (steps(MONTH, now), steps(MONTH, now)[-1:], steps(MONTH, now)[:1]):
        by_day = {begin: begin % 97 * USD for begin in begins}
        found = forecast(MONTH, now, sum(by_day.values()), by_day)
        assert found is not None
        assert found.amount <= at_most(MONTH, now, sum(by_day.values()), by_day)
