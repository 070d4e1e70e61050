"""What a model says in the configuration is what a worker is told."""

from typing import Any

import pytest

from gatewatch.config import Config
from proxy.control.routes_compile import compile_route, compile_routing
from proxy.routing import (
    CacheRule,
    Coalescing,
    Condition,
    RouteOverride,
    Routing,
    ShortAnswer,
    Target,
    WorkloadRule,
)
from proxy.settings import Deadlines, Route

WRITTEN: dict[str, Any] = {
    "targets": ["a/big", "a/small"],
    "strategy": "weight",
    "weights": {"a/big": "9"},
    "classes": {"code": ["b/coder"]},
    "workload_class": "chat",
    "region": "eu",
    "data_class": "confidential",
    "next_after": "2s",
    "patience": "500ms",
    "hedge_after": "1500ms",
    "context_window": ["b/long"],
    "last_resort": {"short_answer": {"target": "a/tiny", "max_tokens": 50, "hint": "Short."}, "reply": "Later."},
    "max_tokens": "1000",
    "max_cost": "0.25",
    "stream": {"coalesce": "sentence", "max_wait": "300ms"},
    "prompt_cache": "auto",
    "cache": {"ttl": "60s", "share": "key", "tags": ["faq"]},
    "deferred": "off",
}


def compiled(written: dict[str, Any]) -> Route:
    return compile_route("bot", Config.model_validate({"models": {"bot": written}}).models["bot"])


def test_everything_that_is_written_arrives() -> None:
    route = compiled(WRITTEN)
    told = {name: getattr(route, name) for name in Route.__struct_fields__ if name != "version"}
    assert told == {
        "name": "bot",
        "targets": (Target(provider="a", model="big", weight=9), Target(provider="a", model="small")),
        "deadlines": Deadlines(connect=5, first_byte=60, idle=60, total=600),
        "drop_params": False, "opt_out": False, "zero_retention": False, "step_down": False,
        "strategy": "weight",
        "classes": {"code": (Target(provider="b", model="coder"),)},
        "workload_class": "chat", "region": "eu", "data_class": "confidential",
        "next_after": 2.0, "patience": 0.5, "hedge_after": 1.5,
        "context_window": (Target(provider="b", model="long"),),
        "short_answer": ShortAnswer(target=Target(provider="a", model="tiny"), max_tokens=50, hint="Short."),
        "stored_reply": "Later.",
        "max_tokens": 1000, "max_cost_picos": 250_000_000_000,
        "coalescing": Coalescing(max_wait=0.3), "prompt_cache": True,
        "cache": CacheRule(ttl=60.0, by_key=True, tags=("faq",)),
        "deferred": False, "rolled_back": None,
    }  # fmt: skip


def test_a_plain_model_is_a_plain_route() -> None:
    route = compiled({"targets": ["a/m"]})
    plain = Route(name="bot", targets=(Target(provider="a", model="m"),), deadlines=Deadlines(), version=route.version)
    assert route == plain


@pytest.mark.parametrize("key", sorted(WRITTEN))
def test_its_version_changes_with_whatever_changes_its_calls(key: str) -> None:
    less = {name: value for name, value in WRITTEN.items() if name != key} | {"targets": ["a/big", "a/small"]}
    if key == "targets":
        less["targets"] = ["a/small", "a/big"]
    assert compiled(less).version != compiled(WRITTEN).version
    assert compiled(WRITTEN).version == compiled(dict(reversed(WRITTEN.items()))).version


def test_weights_of_a_models_classes() -> None:
    route = compiled({"targets": ["a/m"], "classes": {"code": ["a/x", "a/y"]}, "weights": {"a/x": "3"}})
    assert [target.weight for target in route.classes["code"]] == [3, 1]


def test_an_slo_is_judged_elsewhere_and_changes_no_route() -> None:
    assert compiled({"targets": ["a/m"], "slo": {"p95": "1s"}}) == compiled({"targets": ["a/m"]})


def test_what_holds_for_all_routes() -> None:
    written = {
        "resilience": {"tries": "5", "retry_share": "10%", "keep_alive": "3s", "warm": "false"},
        "workloads": [{"workload": "code", "when": {"tools": "true", "model": "gpt-*", "input_above": "100"}}],
    }
    routing = compile_routing(Config.model_validate(written))
    assert (routing.tries, routing.retry_share, routing.keep_alive, routing.warm) == (5, 0.1, 3.0, False)
    when = Condition(tools=True, model="gpt-*", input_above=100)
    assert routing.workloads == (WorkloadRule(workload="code", when=when),)
    assert routing.overrides == ()
    assert compile_routing(Config()) == Routing()
    assert RouteOverride(kind="drain", id="drain:a", target="a").route is None
