"""What is held for a call, by hand."""

from typing import Any

from gatewatch.limits.amounts import Wanted
from gatewatch.limits.concerned import Concern
from gatewatch.limits.rule import Rule
from gatewatch.limits.window import Window
from proxy.worker.admission.reserved import Reserved, wants

MOST = Wanted(input_tokens=100, output_tokens=50, picos=7000, is_unpriced=False)


def concern(scope: str, measure: str, **changed: Any) -> Concern:
    window = None if measure == "concurrent" else Window(period="day")
    fields = {"id": f"{scope}/{measure}", "kind": "budget", "window": window, "most": 10**9} | changed
    return Concern(Rule(scope=scope, measure=measure, **fields), "x")  # type: ignore[arg-type]


def test_a_call_with_a_price_asks_nothing_of_rules_for_those_without() -> None:
    cap, money = concern("team", "tokens", unpriced_only=True), concern("team", "picos")
    assert wants([cap, money], MOST) == [(money, 7000)]
    assert wants([cap, money], MOST._replace(is_unpriced=True)) == [(cap, 150), (money, 7000)]


def test_a_dearer_try_lacks_the_difference_and_a_cheaper_one_nothing() -> None:
    money, once = concern("team", "picos"), concern("team", "requests", kind="limit")
    reserved = Reserved(MOST)
    reserved.held = wants([money, once], MOST)
    assert reserved.lacks([money, once], MOST._replace(picos=9000)) == [(money, 2000)]
    assert reserved.lacks([money, once], MOST._replace(picos=10)) == []


def test_what_was_refused_is_not_held_so_it_is_lacked_again() -> None:
    money = concern("team", "picos")
    reserved = Reserved(MOST)
    assert reserved.lacks([money], MOST) == reserved.lacks([money], MOST) == [(money, 7000)]


def test_a_try_without_cost_still_asks_whether_there_is_anything_left() -> None:
    money = concern("team", "picos")
    assert Reserved(MOST).lacks([money], MOST._replace(picos=0)) == [(money, 0)]


def test_a_try_that_is_over_lets_go_of_all_but_its_requests() -> None:
    of_model, of_key = concern("model", "tokens"), concern("provider_key", "concurrent", kind="limit")
    asked, own = concern("model", "requests", kind="limit"), concern("team", "picos")
    reserved = Reserved(MOST)
    reserved.held = wants([of_model, of_key, asked, own], MOST)
    reserved.place = ("openai", "m")
    assert reserved.leave(all_of_it=False) == [of_key.key]
    assert reserved.place == ("openai", "m")
    assert reserved.leave(all_of_it=True) == [of_model.key]
    assert reserved.place is None
    assert [each for each, _ in reserved.held] == [asked, own]
