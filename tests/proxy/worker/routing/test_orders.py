"""The order of a route's targets, where the configured one gives way."""

from proxy.settings import Deadlines, Override, Route, Target
from proxy.worker.routing.orders import by_cost, cheapest_first, shifted, with_targets

A, B, C = (Target(provider=provider, model="m") for provider in "abc")
ROUTE = Route(name="r", targets=(A, B, C), deadlines=Deadlines())


def shift(scope: str, name: str) -> dict[tuple[str, str, str], Override]:
    return {("shift", scope, name): Override(kind="shift", scope=scope, name=name, because="alerts.x")}


def test_the_cheapest_comes_first_and_what_has_no_price_last() -> None:
    assert cheapest_first(ROUTE, {A: None, B: 30, C: 7}.__getitem__).targets == (C, B, A)


def test_among_equals_the_configured_order_stays_and_with_it_the_route() -> None:
    assert cheapest_first(ROUTE, {A: 7, B: 7, C: 7}.__getitem__) is ROUTE


def test_a_free_model_is_cheaper_than_any_other() -> None:
    assert cheapest_first(ROUTE, {A: 1, B: 0, C: None}.__getitem__).targets == (B, A, C)


def test_traffic_is_shifted_away_from_a_provider_but_not_off_the_route() -> None:
    route, because = shifted(ROUTE, shift("provider", "a"))
    assert route.targets == (B, C, A)
    assert because is not None
    assert because.because == "alerts.x"


def test_a_shift_away_from_a_model_or_from_elsewhere() -> None:
    assert shifted(ROUTE, shift("model", "a/m"))[0].targets == (B, C, A)
    assert shifted(ROUTE, shift("provider", "z")) == (ROUTE, None)
    assert shifted(ROUTE, shift("provider", "c")) == (ROUTE, None), "it is last already"


def test_targets_by_cost_alone() -> None:
    assert by_cost((A, B, C), {A: 3, B: 1, C: 3}.__getitem__) == [B, A, C]


def test_a_route_in_its_own_order_is_itself() -> None:
    assert with_targets(ROUTE, [A, B, C]) is ROUTE
    assert with_targets(ROUTE, [B]).targets == (B,)
