"""What calls are limited by, from all who have a say in it."""

from gatewatch.limits.rule import Grant, Rule
from proxy.control.limits_in_force import LimitsInForce
from proxy.settings import Limiting, Override


def rule(id: str, most: int) -> Rule:
    return Rule(id=id, kind="limit", scope="key", measure="concurrent", most=most)


def test_each_part_that_changes_is_pushed_with_all_the_others() -> None:
    pushed: list[Limiting] = []
    limits = LimitsInForce(pushed.append)
    assert limits.configured(Limiting(rules=(rule("file", 3),))).rules == (rule("file", 3),)
    grant = Grant(amount=2, since=0, until=9)
    limits.by_operators((rule("made", 5), rule("file", 99)), {"made": (grant,)})
    limits.override("alerts", (Override(kind="pause", scope="key", name="k", because="alert x"),))
    limits.estimates({"p/m": 120}, {"p/m": 900})
    assert len(pushed) == 3
    last = pushed[-1]
    assert {each.id: (each.most, each.grants) for each in last.rules} == {"file": (3, ()), "made": (5, (grant,))}
    assert [each.because for each in last.overrides] == ["alert x"]
    assert (last.estimate_percents, last.usual_outputs) == ({"p/m": 120}, {"p/m": 900})


def test_what_changes_nothing_is_not_pushed() -> None:
    pushed: list[Limiting] = []
    limits = LimitsInForce(pushed.append)
    limits.configured(Limiting())
    limits.estimates({}, {})
    limits.override("alerts", ())
    assert pushed == []


def test_a_source_takes_back_its_own_alone() -> None:
    pushed: list[Limiting] = []
    limits = LimitsInForce(pushed.append)
    limits.configured(Limiting())
    paused, throttled = (Override(kind="pause", scope="key", name=name, because=name) for name in "ab")
    limits.override("one", (paused,))
    limits.override("two", (throttled,))
    limits.override("one", ())
    assert pushed[-1].overrides == (throttled,)
