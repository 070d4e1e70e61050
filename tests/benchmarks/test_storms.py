"""What a storm came to, by calls and tries that are written down here."""

from benchmarks.load.timed_calls import Timed, TimedCalls
from benchmarks.mocks.moody import Moody
from benchmarks.request import Door
from benchmarks.storms import TARGETS, Times, Weather, table

AT = Times(quiet=0.0, storm=10.0, well=20.0, over=30.0)


def calls(*ended: Timed) -> TimedCalls:
    made = TimedCalls(Door(1, "/"), 1)
    made.ended += ended
    return made


def made() -> Weather:
    stormy = calls(*(Timed(10.0 + number / 10, 5.0, 200) for number in range(99)), Timed(19.95, 5.0, 502))
    healthy = calls(Timed(5.0, 2.0, 200), Timed(15.0, 3.0, 200))
    weather = Weather({name: Moody() for name in TARGETS}, stormy, healthy)
    weather.times["dead"] = AT
    return weather


def test_a_storm_is_told_by_what_was_tried_at_whom() -> None:
    tries = [
        (9.0, "a", "ok", 1),
        (10.1, "a", "error", 1),
        (10.2, "a", "error", 2),
        (10.2, "b", "ok", 1),
        (15.0, "a", "error", 1),
        (20.5, "a", "error", 1),
        (22.5, "a", "ok", 1),
    ]
    storm = made().told("dead", tries)
    assert (storm.calls, storm.failed, storm.success) == (100, 1, 0.99)
    assert (storm.tries_again, storm.retries, storm.tries_at_bad) == (1, 0.01, 3)
    assert (round(storm.opened or 0, 3), storm.back) == (0.2, 2.5)
    assert (storm.quiet_p99, storm.storm_p99) == (2.0, 3.0)


def test_a_target_that_is_asked_all_the_time_was_never_left_alone() -> None:
    tries = [(10.0 + number / 2, "a", "error", 1) for number in range(20)]
    storm = made().told("dead", tries)
    assert (storm.opened, storm.back) == (None, None)
    assert "| – | – |" in table([storm])[-1]
