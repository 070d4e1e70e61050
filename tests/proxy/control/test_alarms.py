"""What is wrong now, as screens list it."""

from itertools import count

import pytest

from proxy.control.alarms import Alarms


@pytest.fixture(autouse=True)
def a_clock_that_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the time is one second after the one before; the first is second 1."""
    seconds = count(1)
    monkeypatch.setattr("time.time_ns", lambda: next(seconds) * 1_000_000_000)


def standing(alarms: Alarms) -> list[tuple[str, str, int]]:
    return [(alarm.id, alarm.text, alarm.since) for alarm in alarms.standing()]


def test_the_newest_alarm_comes_first_and_one_that_is_over_is_gone() -> None:
    alarms = Alarms()
    alarms.set("disk", "full")
    alarms.set("ledger", "locked")
    assert standing(alarms) == [("ledger", "locked", 2_000_000), ("disk", "full", 1_000_000)]
    alarms.set("disk", None)
    assert standing(alarms) == [("ledger", "locked", 2_000_000)]


def test_a_severe_alarm_comes_before_newer_ones() -> None:
    alarms = Alarms()
    alarms.set("disk", "full", "critical")
    alarms.set("config", "not taken")
    alarms.set("note", "by the way", "info")
    assert [alarm.id for alarm in alarms.standing()] == ["disk", "config", "note"]
    assert [alarm.severity for alarm in alarms.standing()] == ["critical", "warning", "info"]


def test_an_alarm_that_is_said_again_keeps_the_time_when_it_began() -> None:
    alarms = Alarms()
    alarms.set("worker", "ended once")
    alarms.set("worker", "ended twice")
    assert standing(alarms) == [("worker", "ended twice", 1_000_000)]


def test_one_that_comes_back_begins_anew() -> None:
    alarms = Alarms()
    alarms.set("worker", "ended")
    alarms.set("worker", None)
    alarms.set("worker", "ended")
    assert standing(alarms) == [("worker", "ended", 2_000_000)]


def test_ending_what_does_not_stand_is_nothing() -> None:
    alarms = Alarms()
    alarms.set("worker", None)
    assert alarms.standing() == []
