"""Canaries by task, drains, and traffic that is shifted away."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from gatewatch.call import Call
from proxy.routing import RouteOverride
from proxy.worker.routing.overridden import Overridden
from tests.kit.planning import A, B, C


def canary(share: int, teams: tuple[str, ...] | None = None) -> RouteOverride:
    return RouteOverride(kind="canary", id="canary:r", route="r", target="c/m", share=share, teams=teams)


def drain(target: str, route: str | None = None) -> RouteOverride:
    return RouteOverride(kind="drain", id=f"drain:{target}", route=route, target=target)


def shift(target: str, route: str | None = None) -> RouteOverride:
    return RouteOverride(kind="shift", id=f"shift:{target}", route=route, target=target)


def call(number: int = 0, team: str = "search", **fields: Any) -> Call:
    return Call(call_id=f"call-{number}", started_at=1, team=team, **fields)


def in_canary(override: RouteOverride, calls: list[Call]) -> set[str]:
    overridden = Overridden([override])
    return {each.call_id for each in calls if overridden.canary("r", each)}


def test_a_canary_has_its_share() -> None:
    calls = [call(number) for number in range(10_000)]
    assert len(in_canary(canary(1000), calls)) == pytest.approx(1000, abs=150)
    assert len(in_canary(canary(100), calls)) == pytest.approx(100, abs=45)
    assert in_canary(canary(0), calls) == set()
    assert len(in_canary(canary(10_000), calls)) == 10_000


def test_a_growing_canary_keeps_everybody_whom_it_has() -> None:
    calls = [call(number) for number in range(2000)]
    steps = [in_canary(canary(share), calls) for share in (100, 1000, 2500, 10_000)]
    for smaller, larger in pairwise(steps):
        assert smaller < larger


@pytest.mark.parametrize("column", ["task_id", "user"])
def test_all_calls_of_a_task_or_else_of_a_user_go_one_way(column: str) -> None:
    for task in range(50):
        calls = [call(number, **{column: f"t{task}"}) for number in range(20)]
        assert len(in_canary(canary(5000), calls)) in (0, 20)


def test_a_task_is_more_than_its_user_and_two_teams_tasks_have_nothing_in_common() -> None:
    sides = {bool(in_canary(canary(5000), [call(0, task_id=f"t{number}", user="ann")])) for number in range(64)}
    assert sides == {True, False}
    teams = {bool(in_canary(canary(5000), [call(0, team=f"team{number}", task_id="t")])) for number in range(64)}
    assert teams == {True, False}


def test_teams_go_there_whole() -> None:
    calls = [call(number, team=team) for number in range(40) for team in ("search", "billing")]
    overridden = Overridden([canary(0, teams=("billing",))])
    assert {each.team for each in calls if overridden.canary("r", each)} == {"billing"}
    assert all(overridden.canary("r", each) for each in calls if each.team == "billing")


def test_a_canary_is_of_one_route() -> None:
    assert Overridden([canary(10_000)]).canary("r", call())
    assert Overridden([canary(10_000)]).canary("other", call()) is None


def test_a_drain_is_of_a_target_or_of_a_provider_on_one_route_or_on_all() -> None:
    overridden = Overridden([drain("a/m"), drain("b", route="r")])
    assert [target.name for target in overridden.drained("r", (A, B, C))] == ["a/m", "b/m"]
    assert [target.name for target in overridden.drained("other", (A, B, C))] == ["a/m"]
    assert overridden.drained("other", (B, C)) == {}


def test_where_nothing_else_is_left_a_drained_target_goes_on() -> None:
    assert Overridden([drain("a"), drain("b")]).drained("r", (A, B)) == {}
    assert Overridden([drain("a")]).drained("r", (A,)) == {}


def test_what_traffic_is_shifted_away_from_comes_last_but_for_one_call_in_fifty() -> None:
    overridden = Overridden([shift("a/m")])
    orders = Counter(
        "".join(target.provider for target in overridden.shifted("r", [A, B, C], [])[0]) for _ in range(500)
    )
    assert orders == {"bca": 490, "abc": 10}


def test_the_one_call_in_fifty_asks_it_first_wherever_it_stood() -> None:
    overridden = Overridden([shift("c")])
    asked = [overridden.shifted("r", [A, B, C], []) for _ in range(50)]
    assert [order for order, why in asked if why is not None] == [[C, A, B]]
    assert sum(why is None for _, why in asked) == 49, "it is last already"


def test_each_route_asks_what_it_is_shifted_away_from_by_one_of_its_own_calls_in_fifty() -> None:
    overridden = Overridden([shift("a/m", route="r"), shift("a/m", route="other")])
    firsts = Counter(
        route
        for _ in range(500)
        for route in ("other", "r")  # in turn: one count for both would always end at the same route
        if overridden.shifted(route, [A, B], [])[0][0] == A
    )
    assert firsts == {"r": 10, "other": 10}


def test_where_all_are_shifted_away_from_the_order_stays() -> None:
    assert Overridden([shift("a"), shift("b")]).shifted("r", [A, B], []) == ([A, B], None)


def test_other_overrides_do_not_begin_the_count_anew() -> None:
    overridden = Overridden([shift("a")])
    firsts = []
    for number in range(100):
        overridden = Overridden([shift("a"), *([drain("c")] if number % 2 else [])], overridden)
        firsts.append(overridden.shifted("r", [A, B], [])[0][0])
    assert firsts.count(A) == 2
