"""A flood of wrong keys: answered in full ten times a minute for each source, and remembered in bounded memory."""

from proxy.control.failed_tries import MOST, MOST_IN_ALL, MOST_SOURCES, WINDOW_SECONDS, FailedTries


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_ten_in_a_minute_then_it_waits_for_the_minute_to_end() -> None:
    clock = Clock()
    tries = FailedTries(clock)
    assert [tries.wait("192.0.2.1") for _ in range(MOST)] == [0] * MOST
    assert 0 < tries.wait("192.0.2.1") <= WINDOW_SECONDS + 1
    clock.now += WINDOW_SECONDS / 2
    assert 0 < tries.wait("192.0.2.1") <= WINDOW_SECONDS / 2 + 1
    clock.now += WINDOW_SECONDS
    assert tries.wait("192.0.2.1") == 0


def test_another_source_is_another_count() -> None:
    tries = FailedTries(Clock())
    for _ in range(MOST):
        tries.wait("192.0.2.1")
    assert tries.wait("192.0.2.1") > 0
    assert tries.wait("192.0.2.2") == 0


def test_the_addresses_of_one_ipv6_household_count_together() -> None:
    tries = FailedTries(Clock())
    for n in range(MOST):
        assert tries.wait(f"2001:db8:0:1::{n:x}") == 0
    assert tries.wait("2001:db8:0:1:ffff::1") > 0
    assert tries.wait("2001:db8:0:2::1") == 0


def test_sources_without_end_take_no_memory_without_end() -> None:
    tries = FailedTries(Clock())
    for n in range(MOST_SOURCES * 2):
        tries.wait(f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}")
    assert len(tries._failed) == MOST_SOURCES


def test_many_sources_together_are_bounded_too_and_begin_anew() -> None:
    clock = Clock()
    tries = FailedTries(clock)
    answered = [tries.wait(f"10.0.{n >> 8}.{n & 255}") == 0 for n in range(MOST_IN_ALL + 50)]
    assert answered == [True] * MOST_IN_ALL + [False] * 50
    clock.now += WINDOW_SECONDS
    assert tries.wait("10.0.0.1") == 0
