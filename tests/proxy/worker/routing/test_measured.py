"""Measurements follow what happens: at once when it gets worse, and an outlier is forgotten within a minute."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.worker.routing.measured import REMEMBERED, Measured, TargetState
from tests.kit.planning import Clock

MS = 1000
STREAM, PLAIN = True, False


@pytest.fixture
def measured(clock: Clock) -> Measured:
    return Measured(clock)


def steady(measured: Measured, clock: Clock, first_byte_ms: int, seconds: int = 120) -> None:
    """A stream each second."""
    for _ in range(seconds):
        clock.now += 1
        measured.answered("a", "m", first_byte_ms * MS, STREAM)


def speed_ms(measured: Measured) -> float:
    speed = measured.speed("a", "m", STREAM)
    assert speed is not None
    return speed / MS


def test_nothing_is_known_before_the_first_call(measured: Measured) -> None:
    assert measured.speed("a", "m", STREAM) is None
    assert measured.stale_for("a", "m", STREAM) == float("inf")
    measured.answered("a", "m", 300 * MS, STREAM)
    assert speed_ms(measured) == 300
    assert measured.speed("a", "m", PLAIN) is None, "of plain calls nothing is known yet"


def test_a_sudden_slow_down_is_seen_with_the_first_call_that_meets_it(measured: Measured, clock: Clock) -> None:
    steady(measured, clock, 300)
    measured.answered("a", "m", 9_000 * MS, STREAM)
    assert speed_ms(measured) >= 9_000


@pytest.mark.parametrize("is_asked", [True, False])
def test_an_outlier_is_forgotten_within_a_minute_whether_or_not_anybody_asks(
    measured: Measured, clock: Clock, is_asked: bool
) -> None:
    steady(measured, clock, 300)
    measured.answered("a", "m", 3_000 * MS, STREAM)
    if is_asked:
        steady(measured, clock, 300, seconds=60)
    else:
        clock.now += 60
    assert speed_ms(measured) < 450


def test_what_stays_slow_stays_slow(measured: Measured, clock: Clock) -> None:
    steady(measured, clock, 300)
    steady(measured, clock, 3_000, seconds=300)
    clock.now += 60
    assert speed_ms(measured) > 2_500


def test_what_becomes_fast_again_is_seen_to_be(measured: Measured, clock: Clock) -> None:
    steady(measured, clock, 3_000)
    steady(measured, clock, 300, seconds=300)
    assert speed_ms(measured) < 400


def test_a_failure_counts_as_slow_however_soon_it_comes_and_is_forgotten(measured: Measured, clock: Clock) -> None:
    steady(measured, clock, 300)
    measured.failed("a", "m", 2 * MS)
    assert speed_ms(measured) >= 10_000
    clock.now += 60
    assert speed_ms(measured) < 500


def test_a_target_that_has_only_ever_failed_is_slow_and_after_a_while_unknown(measured: Measured, clock: Clock) -> None:
    measured.failed("a", "m", 2 * MS)
    assert speed_ms(measured) >= 10_000
    clock.now += 90
    assert measured.speed("a", "m", STREAM) is None


def test_long_answers_do_not_make_a_target_slow(measured: Measured) -> None:
    """At 10 ms for a token and half a second before the first, whatever the length."""
    for provider, tokens in (("short", 10), ("long", 4000)):
        measured.ended(provider, "m", (500 + 10 * tokens) * MS, tokens, PLAIN)
    measured.ended("slow", "m", (1000 + 20 * 10) * MS, 10, PLAIN)
    short, long, slow = (measured.speed(each, "m", PLAIN) or 0 for each in ("short", "long", "slow"))
    assert short == pytest.approx(long)
    assert slow > 1.5 * short


def test_the_rest_of_a_stream_says_nothing_of_the_target(measured: Measured) -> None:
    measured.ended("a", "m", 60_000 * MS, 5, STREAM)
    assert measured.speed("a", "m", PLAIN) is None
    assert measured.speed("a", "m", STREAM) is None


def test_it_is_stale_from_its_last_sample_on_or_the_call_that_was_sent_for_one(
    measured: Measured, clock: Clock
) -> None:
    measured.answered("a", "m", 300 * MS, STREAM)
    clock.now += 7
    assert measured.stale_for("a", "m", STREAM) == pytest.approx(7)
    assert measured.stale_for("a", "m", PLAIN) == float("inf")
    measured.trying("a", "m")
    clock.now += 2
    assert measured.stale_for("a", "m", STREAM) == measured.stale_for("a", "m", PLAIN) == pytest.approx(2)


def test_states_for_people(measured: Measured, clock: Clock) -> None:
    measured.answered("a", "m", 300 * MS, STREAM)
    measured.ended("a", "m", 900 * MS, 10, STREAM)
    measured.failed("b", "m", 5 * MS)
    measured.answered("b", "m", 200 * MS, PLAIN)
    measured.ended("b", "m", 700 * MS, 10, PLAIN)
    assert measured.states() == [
        TargetState(target="b/m", latency_ms=700, calls=2, failed=1),
        TargetState(target="a/m", ttft_ms=300, calls=1),
    ]
    clock.now += 61
    assert [(state.calls, state.failed) for state in measured.states()] == [(0, 0), (0, 0)]


def test_names_that_callers_make_up_fill_no_memory_and_drive_nobody_out_who_is_asked(measured: Measured) -> None:
    for number in range(5 * REMEMBERED):
        measured.failed("a", f"made-up-{number}", 1)
        if number % 100 == 0:
            measured.answered("a", "m", 300 * MS, STREAM)
    assert len(measured._targets) == REMEMBERED
    assert speed_ms(measured) == 300
    assert len(measured.states()) <= 100


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(1, 60_000)), min_size=1, max_size=40), st.floats(0, 300))
def test_it_is_never_below_nor_above_all_that_was_seen(samples: list[tuple[float, int]], later: float) -> None:
    clock = Clock()
    measured = Measured(clock)
    for wait, sample in samples:
        clock.now += wait
        measured.answered("a", "m", sample * MS, STREAM)
    seen = [sample for _, sample in samples]
    assert speed_ms(measured) >= samples[-1][1] * 0.999999, "the last one is seen"
    clock.now += later
    assert min(seen) * 0.999999 <= speed_ms(measured) <= max(seen) * 1.000001
