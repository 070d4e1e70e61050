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


def test_ipv4_clients_of_a_socket_for_both_are_not_one_household() -> None:
    tries = FailedTries(Clock())
    for _ in range(MOST):
        tries.wait("::ffff:192.0.2.1")
    assert tries.wait("::ffff:192.0.2.1") > 0
    assert tries.wait("192.0.2.1") > 0, "it is the same client"
    assert tries.wait("::ffff:192.0.2.2") == 0


def test_the_same_thing_of_the_same_source_is_news_once_a_minute() -> None:
    clock = Clock()
    tries = FailedTries(clock)
    told = [("192.0.2.1", "a revoked"), ("192.0.2.1", "b revoked"), ("192.0.2.2", "a revoked")]
    assert [tries.is_news(*each) for each in told * 2] == [True] * 3 + [False] * 3
    clock.now += WINDOW_SECONDS
    assert tries.is_news("192.0.2.1", "a revoked")
    assert sum(tries.is_news("192.0.2.1", f"{n} revoked") for n in range(MOST_IN_ALL * 2)) == MOST_IN_ALL - 1


def test_what_is_only_counted_is_told_in_one_line_and_then_over() -> None:
    tries = FailedTries(Clock())
    assert tries.take_counted() is None
    tries.only_count("192.0.2.1")
    assert tries.take_counted() == (
        "192.0.2.1",
        "tries that were only counted: 1, addresses: 1, the most (1) from 192.0.2.1",
    )
    for source in ("192.0.2.1", "192.0.2.2", "192.0.2.2"):
        tries.only_count(source)
    assert tries.take_counted() == (
        "192.0.2.2",
        "tries that were only counted: 3, addresses: 2, the most (2) from 192.0.2.2",
    )
    assert tries.take_counted() is None


def test_sources_without_end_are_one_line_too() -> None:
    tries = FailedTries(Clock())
    for n in range(MOST_SOURCES + 7):
        tries.only_count(f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}")
    tries.only_count("10.0.0.1")
    counted = tries.take_counted()
    assert counted is not None
    assert f" {MOST_SOURCES + 8}, addresses: {MOST_SOURCES} or more, the most (2) from" in counted[1]
