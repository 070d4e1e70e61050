"""A version that was, in force again: but never without what the configuration now asks for the sake of privacy."""

from typing import Any

import msgspec
import pytest

from gatewatch.config.models import Model
from proxy.control.rolled_back import rolled_back
from proxy.control.routes_compile import compile_route
from proxy.settings import Route

OLD: dict[str, Any] = {"targets": ["openai/gpt-4"], "strategy": "latency", "max_tokens": 50}


def definition(**more: Any) -> dict[str, Any]:
    made: dict[str, Any] = msgspec.to_builtins(compile_route("chat", Model.model_validate(OLD | more)))
    return made


def back(old: dict[str, Any], **now: Any) -> Route:
    return rolled_back(old, Model.model_validate({"targets": ["openai/gpt-4o"]} | now), "rollback:chat")


def test_it_is_what_it_was_and_says_by_what() -> None:
    old = compile_route("chat", Model.model_validate(OLD))
    assert back(definition()) == msgspec.structs.replace(old, rolled_back="rollback:chat")


@pytest.mark.parametrize(
    ("then", "now", "kept"),
    [
        ({}, {"region": "eu"}, {"region": "eu"}),
        ({"region": "eu"}, {}, {"region": "eu"}),
        ({"region": "swedencentral"}, {"region": "eu"}, {"region": "eu+swedencentral"}),
        ({"data_class": "internal"}, {"data_class": "restricted"}, {"data_class": "restricted"}),
        ({"data_class": "restricted"}, {"data_class": "internal"}, {"data_class": "restricted"}),
        ({}, {"privacy": "no_training"}, {"opt_out": True, "zero_retention": False}),
        ({}, {"privacy": "zero_retention"}, {"opt_out": True, "zero_retention": True}),
        ({"privacy": "zero_retention"}, {}, {"opt_out": True, "zero_retention": True}),
    ],
)
def test_the_stricter_of_then_and_now_holds(then: dict[str, Any], now: dict[str, Any], kept: dict[str, Any]) -> None:
    route = back(definition(**then), **now)
    assert {name: getattr(route, name) for name in kept} == kept


def test_a_definition_of_another_gatewatch_is_read_as_far_as_it_goes() -> None:
    old = {name: value for name, value in definition().items() if name not in ("deferred", "cache")}
    assert back(old | {"unheard": 5}).deferred is True
    with pytest.raises(msgspec.ValidationError):
        back({"name": "chat"})
