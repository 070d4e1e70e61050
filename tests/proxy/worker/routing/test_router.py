"""A call's plan: workload class, what it must keep to, what operators put in force, the strategy; in this order."""

from collections import Counter
from typing import Any

import pytest

from proxy.refusal import Refusal
from proxy.routing import Condition, RouteOverride, ShortAnswer, Target, WorkloadRule
from tests.kit.planning import A, B, C, Planning, asked, route

EU, US = {"region": "eu-west-1"}, {"region": "us-east-1"}


def override(kind: Any, target: str, **fields: Any) -> RouteOverride:
    return RouteOverride(**{"kind": kind, "id": f"{kind}:{target}", "route": "r", "target": target} | fields)


def test_a_plain_call_on_a_plain_route_is_not_touched(planning: Planning) -> None:
    plain = route(A, B)
    planning.has(plain)
    call = asked()
    assert planning.router.plan(call, plain) is plain
    row = call.call
    assert (row.workload_class, row.region, row.data_class, row.routed_by, row.passed_over) == (None,) * 5


# workload classes


def test_the_header_says_the_class_then_the_rules_then_the_route(planning: Planning) -> None:
    made = route(A, workload_class="summary")
    rules = (WorkloadRule(workload="code", when=Condition(tools=True)),)
    planning.has(made, workloads=rules)
    for call, workload in (
        (asked({"x-gatewatch-workload": "chat"}, {"tools": [{}]}), "chat"),
        (asked(body={"tools": [{}]}), "code"),
        (asked(), "summary"),
    ):
        planning.plan(made, call)
        assert call.call.workload_class == workload


def test_a_class_is_noted_also_where_nothing_depends_on_it(planning: Planning) -> None:
    plain = route(A)
    call = asked({"x-gatewatch-workload": "code"})
    assert planning.router.plan(call, plain) is plain
    assert call.call.workload_class == "code"


def test_a_class_may_have_targets_of_its_own(planning: Planning) -> None:
    made = route(A, B, classes={"code": (C, A)})
    planning.has(made)
    assert planning.plan(made) == ["a/m", "b/m"]
    assert planning.plan(made, asked({"x-gatewatch-workload": "code"})) == ["c/m", "a/m"]


def test_a_rule_may_ask_how_long_a_request_is(planning: Planning) -> None:
    made = route(A, classes={"summary": (B,)})
    planning.has(made, workloads=(WorkloadRule(workload="summary", when=Condition(input_above=1000)),))
    assert planning.plan(made) == ["a/m"]
    long = {"messages": [{"role": "user", "content": "word " * 2000}]}
    assert planning.plan(made, asked(body=long)) == ["b/m"]


# region and data class


@pytest.mark.parametrize(
    ("of_route", "of_key", "headers"),
    [
        ({"region": "eu"}, {}, {}),
        ({}, {"region": "eu"}, {}),
        ({}, {}, {"x-gatewatch-region": "eu"}),
        ({"region": "eu"}, {"region": "eu"}, {"x-gatewatch-region": "eu"}),
    ],
)
def test_route_key_and_caller_can_each_keep_a_call_in_a_region(
    planning: Planning, of_route: dict[str, str], of_key: dict[str, str], headers: dict[str, str]
) -> None:
    made = route(A, B, C, **of_route)
    planning.has(made, a=US, b=EU)
    call = asked(headers, key=of_key)
    assert planning.plan(made, call) == ["b/m"]
    assert call.call.region == "eu"
    assert call.call.passed_over == [["a/m", "not in the region eu"], ["c/m", "not in the region eu"]]


@pytest.mark.parametrize("said", ["us", "eu"])
def test_none_of_them_widens_another(planning: Planning, said: str) -> None:
    made = route(A, B, region="eu")
    planning.has(made, a=US, b=US)
    call = asked({"x-gatewatch-region": said}, key={"region": "eu"})
    with pytest.raises(Refusal) as told:
        planning.plan(made, call)
    assert told.value.code == "no_target_allowed"
    assert call.call.route == "r", "the row says which route had none"


def test_the_most_sensitive_class_of_route_key_and_caller_holds(planning: Planning) -> None:
    made = route(A, B, C, data_class="internal")
    planning.has(made, a={"data_class": "internal"}, b={"data_class": "confidential"}, c={"data_class": "restricted"})
    assert planning.plan(made) == ["a/m", "b/m", "c/m"]
    assert planning.plan(made, asked(key={"data_class": "confidential"})) == ["b/m", "c/m"]
    call = asked({"x-gatewatch-data-class": "restricted"}, key={"data_class": "confidential"})
    assert planning.plan(made, call) == ["c/m"]
    assert call.call.data_class == "restricted"
    assert planning.plan(made, asked({"x-gatewatch-data-class": "public"})) == ["a/m", "b/m", "c/m"]


def test_it_holds_for_names_of_models_that_no_route_names(planning: Planning) -> None:
    planning.has(a=US)
    with pytest.raises(Refusal) as told:
        planning.plan(route(A), asked({"x-gatewatch-region": "eu"}))
    assert told.value.code == "no_target_allowed"
    assert planning.plan(route(A), asked({"x-gatewatch-region": "us"})) == ["a/m"]


def test_a_canary_never_goes_where_the_call_may_not(planning: Planning) -> None:
    made = route(A, region="eu")
    planning.has(made, a=EU, c=US)
    planning.puts(override("canary", "c/m", share=10_000))
    call = asked()
    assert planning.plan(made, call) == ["a/m"]
    assert call.call.routed_by is None
    assert call.call.passed_over == [["c/m", "not in the region eu"]]


# overrides


def test_a_canary_is_asked_first_and_the_others_follow(planning: Planning) -> None:
    made = route(A, B)
    planning.has(made)
    planning.puts(override("canary", "c/m", share=10_000))
    call = asked()
    assert planning.plan(made, call) == ["c/m", "a/m", "b/m"]
    assert call.call.routed_by == "canary:c/m"
    planning.puts(override("canary", "b/m", share=10_000))
    assert planning.plan(made) == ["b/m", "a/m"]


def test_a_canary_to_a_provider_that_is_gone_is_none(planning: Planning) -> None:
    made = route(A, B)
    planning.has(made)
    planning.puts(override("canary", "gone/m", share=10_000))
    call = asked()
    assert planning.plan(made, call) == ["a/m", "b/m"]
    assert call.call.routed_by is None


def test_a_drained_target_gets_no_new_calls_and_the_row_says_why(planning: Planning) -> None:
    made = route(A, B)
    planning.has(made)
    planning.puts(override("drain", "a/m", route=None))
    call = asked()
    assert planning.plan(made, call) == ["b/m"]
    assert call.call.routed_by == "drain:a/m"
    assert call.call.passed_over == [["a/m", "drained by drain:a/m"]]
    alone = route(A)
    assert planning.plan(alone) == ["a/m"], "nothing else is left"


def test_targets_for_longer_calls_are_drained_as_well(planning: Planning) -> None:
    made = route(A, context_window=(B, C))
    planning.has(made)
    planning.puts(override("drain", "b", route=None))
    assert planning.router.plan(asked(), made).context_window == (C,)
    planning.puts(override("drain", "b", route=None), override("drain", "c", route=None))
    assert planning.router.plan(asked(), made).context_window == (B, C), "nothing else is left"


def test_a_drain_of_a_target_that_would_not_have_come_first_has_decided_nothing(planning: Planning) -> None:
    made = route(A, B)
    planning.has(made)
    planning.puts(override("drain", "b/m", route=None))
    call = asked()
    assert planning.plan(made, call) == ["a/m"]
    assert call.call.routed_by is None
    assert call.call.passed_over == [["b/m", "drained by drain:b/m"]]


@pytest.mark.parametrize(("stored", "is_asked"), [("Sorry.", False), (None, True)])
def test_a_drained_short_answer_gives_way_to_a_stored_one(
    planning: Planning, stored: str | None, is_asked: bool
) -> None:
    made = route(A, B, short_answer=ShortAnswer(target=C, max_tokens=50, hint="Short."), stored_reply=stored)
    planning.has(made)
    planning.puts(override("drain", "c", route=None))
    assert (planning.router.plan(asked(), made).short_answer is not None) == is_asked


def test_a_drain_decides_over_a_canary(planning: Planning) -> None:
    made = route(A, B)
    planning.has(made)
    planning.puts(override("canary", "c/m", share=10_000), override("drain", "c", route=None))
    call = asked()
    assert planning.plan(made, call) == ["a/m", "b/m"]
    assert call.call.routed_by == "drain:c"


def test_a_target_that_is_shifted_away_from_comes_last_also_as_a_canary(planning: Planning) -> None:
    made = route(A, B)
    planning.has(made)
    planning.puts(override("shift", "a/m"))
    call = asked()
    assert planning.plan(made, call) == ["b/m", "a/m"]
    assert call.call.routed_by == "shift:a/m"
    planning.puts(override("canary", "c/m", share=10_000), override("shift", "c"))
    assert planning.plan(made) == ["a/m", "b/m", "c/m"]


def test_a_rollback_is_named_in_the_row_unless_something_else_decided(planning: Planning) -> None:
    made = route(A, rolled_back="rollback:r")
    planning.has(made)
    call = asked()
    planning.plan(made, call)
    assert call.call.routed_by == "rollback:r"
    planning.puts(override("canary", "c/m", share=10_000))
    call = asked()
    planning.plan(made, call)
    assert call.call.routed_by == "canary:c/m"


# strategies


def test_shares_by_weight_hold_among_those_that_are_left(planning: Planning) -> None:
    weighted = [Target(provider=name, model="m", weight=weight) for name, weight in zip("abc", (5, 3, 2), strict=True)]
    made = route(*weighted, strategy="weight")
    planning.has(made)
    assert Counter(planning.plan(made)[0] for _ in range(100)) == {"a/m": 50, "b/m": 30, "c/m": 20}
    planning.puts(override("drain", "a"))
    assert Counter(planning.plan(made)[0] for _ in range(100)) == {"b/m": 60, "c/m": 40}


def test_the_cheapest_for_this_call_comes_first(planning: Planning) -> None:
    dear, cheap = Target(provider="a", model="gpt-4o"), Target(provider="a", model="gpt-4o-mini")
    made = route(dear, B, cheap, strategy="cost")
    planning.has(made, a={"price_provider": "openai"})
    assert planning.plan(made) == ["a/gpt-4o-mini", "a/gpt-4o", "b/m"]


def test_the_fastest_comes_first(planning: Planning) -> None:
    made = route(A, B, strategy="latency")
    planning.has(made)
    for name, milliseconds in (("a", 900), ("b", 200)):
        planning.router.measured.ended(name, "m", milliseconds * 1000, 20, False)
    assert planning.plan(made) == ["b/m", "a/m"]


def test_the_one_with_the_most_left_of_its_limits_comes_first(planning: Planning) -> None:
    made = route(A, B, strategy="headroom")
    planning.has(made)
    planning.lanes.lane("a", "main", "m").limited(30.0)
    assert planning.plan(made) == ["b/m", "a/m"]


def test_a_configuration_takes_effect_with_the_next_call(planning: Planning) -> None:
    planning.has(route(A, B))
    assert planning.plan(route(A, B)) == ["a/m", "b/m"]
    made = route(A, B, region="eu")
    planning.has(made, b=EU)
    assert planning.plan(made) == ["b/m"]
