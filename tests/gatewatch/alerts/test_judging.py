"""When alerts fire and clear: on enough calls, for long enough, and not for want of figures."""

from typing import Any

import msgspec

from gatewatch.alerts.alert import Alert, Reading
from gatewatch.alerts.judging import Change, Judging

SECOND = 1_000_000
ALERT = Alert(
    name="errors", when="errors", per="team", unit="share", bound=100_000, clear=80_000, window=300 * SECOND,
    lasting=0, clear_for=60 * SECOND, least=20,
)  # fmt: skip
ID = "errors|team/search"


def read(value: int, weight: int = 100, name: str = "search") -> Reading:
    return Reading(subject=f"team/{name}", scope="team", name=name, value=value, weight=weight)


class Watch:
    """Judges as the engine does: what fires is kept beside it."""

    def __init__(self, **changed: Any) -> None:
        self.alert = msgspec.structs.replace(ALERT, **changed)
        self.judging = Judging()
        self.firing: set[str] = set()

    def at(self, second: float, *readings: Reading) -> list[tuple[str, bool]]:
        changes = self.judging.judge(self.alert, readings, self.firing, int(second * SECOND))
        for change in changes:
            (self.firing.add if change.fires else self.firing.discard)(change.id)
        return [(change.id, change.fires) for change in changes]


def test_it_fires_at_once_where_it_need_not_last_and_only_once() -> None:
    watch = Watch()
    assert watch.at(0, read(99_999)) == []
    assert watch.at(1, read(100_000)) == [(ID, True)]
    assert watch.at(2, read(500_000)) == []


def test_one_bad_call_of_two_fires_nothing() -> None:
    watch = Watch()
    assert watch.at(0, read(500_000, weight=2)) == []
    assert watch.at(1, read(500_000, weight=19)) == []
    assert watch.at(2, read(500_000, weight=20)) == [(ID, True)]


def test_it_has_to_last_without_a_break() -> None:
    watch = Watch(lasting=30 * SECOND)
    assert watch.at(0, read(200_000)) == []
    assert watch.at(29, read(200_000)) == []
    assert watch.at(29.5, read(50_000)) == []
    assert watch.at(31, read(200_000)) == []
    assert watch.at(60.9, read(200_000)) == []
    assert watch.at(61, read(200_000)) == [(ID, True)]


def test_between_the_two_thresholds_it_stays_as_it_is() -> None:
    watch = Watch(clear_for=0)
    assert watch.at(0, read(90_000)) == []
    watch.at(1, read(150_000))
    assert watch.at(2, read(90_000)) == []
    assert watch.at(3, read(79_999)) == [(ID, False)]


def test_it_is_over_only_when_it_has_been_good_for_a_while() -> None:
    watch = Watch()
    watch.at(0, read(150_000))
    assert watch.at(10, read(0)) == []
    assert watch.at(40, read(90_000)) == []
    assert watch.at(50, read(0)) == []
    assert watch.at(109, read(0)) == []
    assert watch.at(110, read(0)) == [(ID, False)]


def test_what_fires_needs_no_least_number_to_go_on() -> None:
    watch = Watch(clear_for=0)
    watch.at(0, read(900_000))
    assert watch.at(1, read(900_000, weight=1)) == []
    assert watch.at(2, read(0, weight=1)) == [(ID, False)]


def test_it_is_over_when_nothing_is_seen_of_it_any_more() -> None:
    watch = Watch()
    watch.at(0, read(150_000))
    assert watch.at(1) == []
    assert watch.at(61) == [(ID, False)]


def test_subjects_are_apart() -> None:
    watch = Watch()
    assert watch.at(0, read(500_000), read(0, name="chat")) == [(ID, True)]
    assert watch.at(1, read(500_000), read(500_000, name="chat")) == [("errors|team/chat", True)]


def test_alerts_whose_names_begin_alike_are_apart() -> None:
    watch = Watch(clear_for=0)
    watch.firing.add("errors-too|team/search")
    assert watch.at(0) == []


def test_what_fired_before_a_restart_clears_as_ever() -> None:
    watch = Watch()
    watch.firing.add(ID)
    assert watch.at(0, read(0)) == []
    assert watch.at(60, read(0)) == [(ID, False)]


def test_where_nothing_could_be_measured_waiting_begins_anew() -> None:
    watch = Watch(lasting=30 * SECOND)
    watch.at(0, read(200_000))
    watch.judging.forget(watch.alert)
    assert watch.at(31, read(200_000)) == []
    assert watch.at(61, read(200_000)) == [(ID, True)]
    watch.at(62, read(0))
    watch.judging.forget()
    assert watch.at(123, read(0)) == []
    assert watch.at(183, read(0)) == [(ID, False)]


def test_a_change_brings_what_was_measured() -> None:
    watch = Watch()
    (change,) = watch.judging.judge(watch.alert, [read(150_000)], (), 0)
    assert change == Change(ID, True, read(150_000))


def test_traffic_that_ceases_fires_below() -> None:
    watch = Watch(when="calls", unit="count", below=True, bound=5, clear=10, least=0, clear_for=0)
    assert watch.at(0, read(5, weight=0)) == []
    assert watch.at(1, read(4, weight=0)) == [(ID, True)]
    assert watch.at(2, read(9, weight=0)) == []
    assert watch.at(3, read(10, weight=0)) == [(ID, False)]
