"""A key for some models reaches no others through what else a body names.

OpenRouter: openrouter.ai/docs/guides/routing/model-fallbacks; LiteLLM: docs.litellm.ai/docs/proxy/reliability; OpenAI:
openai/types/responses/tool.py (ImageGeneration); Anthropic: the adviser tool.
"""

from typing import Any

import msgspec
import pytest

from gatewatch.control.records import KeyRecord
from proxy.refusal import Refusal
from proxy.routing import ShortAnswer
from proxy.settings import Deadlines, Route, Target
from proxy.worker.further_models import answering, check_further_models


def key(*models: str) -> KeyRecord:
    return KeyRecord(
        id="kid",
        name="app",
        kind="client",
        team="search",
        project=None,
        environment="live",
        models=models or None,
        created_at=1,
        created_by="test",
    )


def route(*targets: tuple[str, str]) -> Route:
    return Route(name="r", targets=tuple(Target(provider=p, model=m) for p, m in targets), deadlines=Deadlines())


ROUTER = route(("router", "openai/gpt-4o-mini"))
OPUS = "anthropic/claude-opus-5"
FURTHER: list[tuple[dict[str, Any], str]] = [
    ({"models": [OPUS], "route": "fallback"}, "models"),
    ({"models": OPUS}, "models"),
    ({"fallbacks": [OPUS]}, "fallbacks"),
    ({"fallbacks": [{"model": OPUS, "max_tokens": 5}]}, "fallbacks"),
    ({"fallbacks": [{"gpt-4o-mini": [OPUS]}]}, "fallbacks"),
    ({"fallbacks": {"gpt-4o-mini": [{"model": OPUS}]}}, "fallbacks"),
    ({"context_window_fallbacks": [{"gpt-4o-mini": [OPUS]}]}, "context_window_fallbacks"),
    ({"tools": [{"type": "function", "name": "f"}, {"type": "image_generation", "model": OPUS}]}, "tools"),
    ({"tools": [{"type": "openrouter:image_generation", "parameters": {"model": OPUS}}]}, "tools"),
    ({"plugins": [{"id": "fusion", "model": OPUS}]}, "plugins"),
]


@pytest.mark.parametrize(("body", "param"), FURTHER)
def test_a_key_with_a_list_gets_no_other_model_by_another_name_in_the_body(body: dict[str, Any], param: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_further_models(key("router/openai/gpt-4o-mini"), ROUTER, body)
    assert (refused.value.status, refused.value.code, refused.value.param) == (403, "model_not_allowed", param)
    assert OPUS in refused.value.message


@pytest.mark.parametrize(("body", "param"), FURTHER)
def test_what_stands_on_the_list_of_that_provider_may_be_named(body: dict[str, Any], param: str) -> None:
    del param
    check_further_models(key("router/openai/gpt-4o-mini", f"router/{OPUS}"), ROUTER, body)


@pytest.mark.parametrize(("body", "param"), FURTHER)
def test_a_key_without_a_list_names_what_it_likes(body: dict[str, Any], param: str) -> None:
    del param
    check_further_models(key(), ROUTER, body)


def test_a_vendors_name_on_the_list_is_not_an_aggregators() -> None:
    with pytest.raises(Refusal):
        check_further_models(key("router/openai/gpt-4o-mini", OPUS), ROUTER, {"models": [OPUS]})


def test_a_bare_name_counts_as_it_is_written_and_the_routes_own_model_always() -> None:
    check_further_models(
        key("r", "gpt-image-1"), ROUTER, {"tools": [{"type": "image_generation", "model": "gpt-image-1"}]}
    )
    check_further_models(key("r"), ROUTER, {"models": ["openai/gpt-4o-mini"]})


def test_a_route_over_two_providers_needs_the_name_at_both() -> None:
    both = route(("a", "m"), ("b", "m"))
    check_further_models(key("r", "a/x", "b/x"), both, {"models": ["x"]})
    with pytest.raises(Refusal):
        check_further_models(key("r", "a/x"), both, {"models": ["x"]})


@pytest.mark.parametrize(
    "body",
    [
        {"models": [7]},
        {"models": [[OPUS]]},
        {"models": [""]},
        {"models": 5},
        {"fallbacks": [{"model": None}]},
        {"fallbacks": [{"m": [["x"]]}]},
        {"fallbacks": [{"m": {"provider": "x"}}]},
        {"tools": [{"type": "image_generation", "model": [OPUS]}]},
        {"preset": ["x"]},
        {"preset": "mine"},
    ],
)
def test_what_cannot_be_read_is_not_allowed(body: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        check_further_models(key("r"), ROUTER, body)
    assert refused.value.code == "model_not_allowed"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"models": None, "fallbacks": [], "tools": None},
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"model": {"type": "string"}}}}]},
        {"tools": [{"type": "function", "name": "f", "parameters": {"properties": {"model": {}}}}, 5]},
        {"tools": [{"name": "f", "input_schema": {"properties": {"model": {}}}}]},
        {"tools": [{"type": "image_generation"}]},
        {"tools": "none"},
    ],
)
def test_ordinary_bodies_pass(body: dict[str, Any]) -> None:
    check_further_models(key("r"), ROUTER, body)


@pytest.mark.parametrize(
    ("body", "served", "means"),
    [
        ({}, "gpt-5-pro", "a/gpt-4o"),
        ({"models": ["b/opus", "b/opus-mini"]}, "b/opus-mini-2026-01-01", "b/opus-mini"),
        ({"models": ["b/opus"]}, "b/opus", "b/opus"),
        ({"models": ["a/gpt-4"]}, "a/gpt-4o-2024-05-13", "a/gpt-4o"),
        ({"models": ["b/opus"]}, "somebody-else", "a/gpt-4o"),
        ({"models": "", "tools": [{"type": "image_generation", "model": "b/opus"}]}, "b/opus", "a/gpt-4o"),
    ],
)
def test_a_reply_may_come_from_a_model_that_the_body_names_and_from_no_other(
    body: dict[str, Any], served: str, means: str
) -> None:
    assert answering(body, "a/gpt-4o", served) == means


@pytest.mark.parametrize("where", ["classes", "context_window", "short_answer"])
def test_a_list_holds_wherever_the_route_may_lead_in_need(where: str) -> None:
    """What is allowed at the one provider may be another model at the other."""
    other = Target(provider="second", model="small")
    further: dict[str, Any] = {
        "classes": {"classes": {"code": (other,)}},
        "context_window": {"context_window": (other,)},
        "short_answer": {"short_answer": ShortAnswer(target=other, max_tokens=9, hint="")},
    }[where]
    listed, body = key("router/a/b"), {"models": ["a/b"]}
    check_further_models(listed, ROUTER, body)
    with pytest.raises(Refusal, match="may not use the model"):
        check_further_models(listed, msgspec.structs.replace(ROUTER, **further), body)
