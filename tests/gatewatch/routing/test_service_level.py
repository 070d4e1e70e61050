"""When a target is put last, when it comes back, and what never happens."""

from typing import Any

import pytest

from gatewatch.routing.service_level import Judged, Level, Measured, Standing, Watch, judged

SECOND, MINUTE, HOUR = 1_000_000, 60_000_000, 3_600_000_000
NOW = 100 * HOUR
CHAT = Level(route="chat", targets=("a/m", "b/m", "c/m"), p95=2_500_000, errors=10_000)
WATCH = Watch()


def slow(timed: int = 20, seconds: float = 4.0, **more: Any) -> Measured:
    return Measured(timed=timed, p95=int(seconds * SECOND), **more)


def last(*misses: Any, ago: int = 5 * MINUTE) -> Standing:
    return Standing(misses=misses or ("p95",), since=NOW - ago)


def judge(measured: dict[str, Measured], standing: dict[str, Standing] | None = None, level: Level = CHAT) -> Judged:
    return judged(level, measured, standing or {}, NOW, WATCH)


def test_a_target_whose_p95_is_above_the_bound_comes_last() -> None:
    assert judge({"a/m": slow(), "b/m": slow(seconds=2.5)}) == Judged({"a/m": ("p95",)}, {})


def test_fewer_than_20_answered_calls_say_nothing() -> None:
    assert judge({"a/m": slow(timed=19)}) == Judged({}, {})


@pytest.mark.parametrize(
    ("tries", "failures", "comes_last"),
    [(100, 5, True), (99, 99, False), (100, 4, False), (500, 5, False), (499, 5, True), (10_000, 101, True)],
)
def test_the_error_budget_is_a_share_of_a_days_tries(tries: int, failures: int, comes_last: bool) -> None:
    found = judge({"a/m": Measured(tries=tries, failures=failures)})
    assert found.misses == ({"a/m": ("errors",)} if comes_last else {})


@pytest.mark.parametrize(
    ("seen", "comes_back"),
    [
        (slow(timed=5, seconds=2.24), True),
        (slow(timed=5, seconds=2.26), False),
        (slow(timed=5, seconds=9), False),
        (slow(timed=4, seconds=0.1), False),
        (Measured(), False),
    ],
)
def test_a_slow_target_comes_back_when_five_calls_are_well_within_the_bound(seen: Measured, comes_back: bool) -> None:
    assert judge({"a/m": seen}, {"a/m": last()}).misses == ({} if comes_back else {"a/m": ("p95",)})


def test_a_target_of_which_too_little_is_seen_is_given_a_try_after_a_quarter_of_an_hour() -> None:
    few = {"a/m": slow(timed=4)}
    assert judge(few, {"a/m": last(ago=15 * MINUTE - 1)}).misses == {"a/m": ("p95",)}
    assert judge(few, {"a/m": last(ago=15 * MINUTE)}).misses == {}
    assert judge({"a/m": slow(timed=5)}, {"a/m": last(ago=15 * MINUTE)}).misses == {"a/m": ("p95",)}, "still slow"


@pytest.mark.parametrize(
    ("day", "hour", "comes_back"),
    [((1000, 11), (50, 0), False), ((1000, 10), (50, 0), True), ((1000, 10), (50, 5), False), ((99, 20), (3, 3), True)],
)
def test_a_spent_budget_comes_back_when_the_day_and_the_last_hour_keep_it(
    day: tuple[int, int], hour: tuple[int, int], comes_back: bool
) -> None:
    seen = Measured(tries=day[0], failures=day[1], hour_tries=hour[0], hour_failures=hour[1])
    assert (judge({"a/m": seen}, {"a/m": last("errors")}).misses == {}) is comes_back


def test_a_target_that_has_just_moved_stays_for_a_minute() -> None:
    fast = {"a/m": slow(timed=50, seconds=0.1)}
    assert judge(fast, {"a/m": last(ago=MINUTE - 1)}).misses == {"a/m": ("p95",)}
    assert judge(fast, {"a/m": last(ago=MINUTE)}).misses == {}
    returned = {"a/m": Standing(since=NOW - MINUTE + 1)}
    assert judge({"a/m": slow()}, returned) == Judged({}, {})
    assert judge({"a/m": slow()}, {"a/m": Standing(since=NOW - MINUTE)}).misses == {"a/m": ("p95",)}


@pytest.mark.parametrize(("relapses", "minutes"), [(0, 1), (1, 2), (2, 4), (5, 32), (6, 60), (100, 60)])
def test_each_relapse_doubles_the_time_that_a_target_comes_last_up_to_an_hour(relapses: int, minutes: int) -> None:
    fast = {"a/m": slow(timed=50, seconds=0.1)}
    since = Standing(misses=("p95",), since=NOW - minutes * MINUTE, relapses=relapses)
    assert judge(fast, {"a/m": since}).misses == {}
    since = Standing(misses=("p95",), since=NOW - minutes * MINUTE + 1, relapses=relapses)
    assert judge(fast, {"a/m": since}).misses == {"a/m": ("p95",)}


def test_a_target_that_has_relapsed_is_back_at_once_where_no_other_does_well() -> None:
    relapsed = Standing(misses=("p95",), since=NOW - 2 * MINUTE, relapses=9)
    seen = {"a/m": slow(timed=50, seconds=0.1), "b/m": slow(), "c/m": slow()}
    assert judge(seen, {"a/m": relapsed}) == Judged({}, {"b/m": ("p95",), "c/m": ("p95",)})


def test_where_every_target_is_slow_none_is_moved() -> None:
    found = judge({name: slow() for name in CHAT.targets})
    assert found == Judged({}, dict.fromkeys(CHAT.targets, ("p95",)))


def test_the_last_good_target_stays_where_it_is_when_it_turns_bad_too() -> None:
    standing = {"a/m": last(), "b/m": last("errors")}
    seen = {"a/m": slow(), "b/m": Measured(tries=500, failures=50), "c/m": slow()}
    assert judge(seen, standing) == Judged({"a/m": ("p95",), "b/m": ("errors",)}, {"c/m": ("p95",)})


def test_the_only_target_of_a_route_is_never_moved_and_is_told_of() -> None:
    alone = Level(route="alone", targets=("a/m",), p95=SECOND, errors=10_000)
    assert judge({"a/m": slow()}, level=alone) == Judged({}, {"a/m": ("p95",)})


def test_what_it_misses_is_told_as_it_is_by_now() -> None:
    both = slow(timed=30, tries=1000, failures=100)
    assert judge({"a/m": both}, {"a/m": last("errors")}).misses == {"a/m": ("p95", "errors")}
