"""However many names callers invent, one alert fires for a bounded number of them, and says how many more there are."""

import msgspec

from gatewatch.alerts.alert import Alert, Reading
from gatewatch.alerts.crowd import MORE, MOST_ACTED_UPON, MOST_TOLD, bounded

ALERT = Alert(name="odd", when="unpriced", per="user", unit="count", bound=10, clear=10, window=1, least=1)


def readings(count: int, value: int = 10) -> list[Reading]:
    return [Reading(subject=f"user/{n}", scope="user", name=str(n), value=value + n, weight=1) for n in range(count)]


def test_few_are_told_one_by_one() -> None:
    assert bounded(ALERT, readings(MOST_TOLD), (), ()) == readings(MOST_TOLD)


def test_of_many_the_worst_are_and_the_others_together() -> None:
    *some, more = bounded(ALERT, readings(2000), (), ())
    assert {reading.value for reading in some} == set(range(2010 - MOST_TOLD, 2010))
    assert (more.subject, more.scope, more.value) == (MORE, "", 2009 - MOST_TOLD)
    assert more.detail == "1950 more subjects, among them user/1949, user/1948, user/1947"


def test_those_that_fire_stay_and_take_up_room() -> None:
    firing = {f"odd|user/{n}" for n in range(MOST_TOLD)}
    found = bounded(ALERT, readings(MOST_TOLD + 2), firing, ())
    assert {reading.subject for reading in found} == {f"user/{n}" for n in range(MOST_TOLD)} | {MORE}
    assert found[-1].detail == "2 more subjects: user/51, user/50"


def test_those_that_wait_already_go_on_to_wait() -> None:
    found = bounded(ALERT, readings(MOST_TOLD + 1), (), {"odd|user/0"})
    assert "user/0" in {reading.subject for reading in found}


def test_those_that_are_good_are_no_crowd() -> None:
    assert bounded(ALERT, readings(500, value=-1000), (), ()) == readings(500, value=-1000)
    few = msgspec.structs.replace(ALERT, least=2)
    assert len(bounded(few, readings(500), (), ())) == 500


def test_an_alert_that_acts_does_so_on_more() -> None:
    acts = msgspec.structs.replace(ALERT, do=("notify", "throttle"))
    assert len(bounded(acts, readings(MOST_ACTED_UPON + 5), (), ())) == MOST_ACTED_UPON + 1
