"""The doctor on targets that a gateway keeps calls away from."""

from typing import Any

from app.target_findings import of_targets


def target(name: str = "openai/gpt-5", **fields: Any) -> dict[str, Any]:
    return {"target": name, "breakers": [], "shifted": []} | fields


def breaker(**fields: Any) -> dict[str, Any]:
    return {"key": "main", "state": "open", "workers": 1, "failures": 5, "again_in": 4.2} | fields


def live(*targets: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"workers": [{}, {}], "targets": list(targets)} | more


def test_a_target_that_is_left_alone_is_told_of_with_its_key_and_when_it_is_tried_again() -> None:
    (found,) = of_targets(live(target(breakers=[breaker(), breaker(key="spare", workers=0)]), target("b/m")))
    assert (found.state, found.area) == ("broken", "target openai/gpt-5")
    assert found.what == (
        "left alone with key main after 5 failures in a row, in 1 of 2 workers; tried again in 4 s"
    )  # fmt: skip
    assert found.next_step
    (due,) = of_targets(live(target(breakers=[breaker(key="", again_in=0.0)])))
    assert "with any key" in due.what
    assert due.what.endswith("tried again with the next call")


def test_a_target_that_comes_last_is_told_of_for_each_route_with_the_command_that_restores_it() -> None:
    level = {"route": "chat", "target": "openai/gpt-5", "text": "p95 4 s of 25 calls, 2.5 s at most"}
    chat, code = of_targets(live(target(shifted=["chat", "code"]), service_levels=[level]))
    assert chat.what == "comes last on chat: p95 4 s of 25 calls, 2.5 s at most"
    assert code.what == "comes last on code: it missed its level"
    assert "`gatewatch routes restore openai/gpt-5`" in chat.next_step


def test_targets_that_are_well_have_one_line_and_a_quiet_gateway_none() -> None:
    (found,) = of_targets(live(target(breakers=[breaker(workers=0)]), target("b/m")))
    assert (found.state, found.what) == ("ok", "2 had calls lately, none is left alone or comes last")
    assert list(of_targets(live())) == []
    assert list(of_targets({"workers": []})) == []
