"""Requests as chat takes them, held against the SDK's `CompletionCreateParams`."""

import json
from typing import Any

import pytest
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)

from gatewatch.models.facts import ModelFacts
from gatewatch.providers.quirks import Quirks
from proxy.canonical.ask import Ask, Format, Thinking, Tool, ToolChoice, Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import Text
from proxy.dialects.dialect import Destination
from proxy.dialects.openai_chat.request_write import forward, write
from proxy.refusal import Refusal
from tests.kit.strict_types import assert_fits

NO_QUIRKS, NO_FACTS = Quirks(), ModelFacts()
HI = [Turn(role="user", parts=[Text(text="hi")])]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}


def body(quirks: Quirks = NO_QUIRKS, facts: ModelFacts = NO_FACTS, drop: bool = False, **asked: Any) -> dict[str, Any]:
    to = Destination(provider="p", model="m", quirks=quirks, facts=facts)
    sent: dict[str, Any] = json.loads(write(Ask(turns=HI, **asked), to, Losses("p", drop=drop)))
    assert sent.pop("model") == "m"
    assert sent.pop("messages") == [{"role": "user", "content": "hi"}]
    return sent


def lost(quirks: Quirks = NO_QUIRKS, facts: ModelFacts = NO_FACTS, **asked: Any) -> str | None:
    with pytest.raises(Refusal) as refused:
        body(quirks, facts, **asked)
    assert (refused.value.status, refused.value.code) == (400, "unsupported_parameter")
    return refused.value.param


def test_every_field_has_its_parameter() -> None:
    asked: dict[str, Any] = {
        "tools": [Tool(name="f", description="d", schema=SCHEMA, strict=True), Tool(name="sh", free=True)],
        "tool_choice": ToolChoice(mode="required"),
        "parallel_tools": False,
        "max_output": 100,
        "temperature": 0.5,
        "top_p": 0.9,
        "stop": ["a"],
        "seed": 7,
        "n": 2,
        "presence_penalty": 0.1,
        "frequency_penalty": 0.2,
        "logprobs": True,
        "top_logprobs": 3,
        "format": Format(kind="schema", name="city", description="d", schema=SCHEMA, strict=True),
        "thinking": Thinking(effort="low"),
        "verbosity": "low",
        "service_tier": "flex",
        "user": "u",
        "cache_key": "k",
        "others": {"logit_bias": {"5": 1}},
    }
    sent = body(**asked)
    assert_fits(sent | {"model": "m", "messages": []}, CompletionCreateParamsNonStreaming)
    assert sent == {
        "tools": [
            {"type": "function", "function": {"name": "f", "description": "d", "parameters": SCHEMA, "strict": True}},
            {"type": "custom", "custom": {"name": "sh"}},
        ],
        "tool_choice": "required",
        "parallel_tool_calls": False,
        "max_completion_tokens": 100,
        "temperature": 0.5,
        "top_p": 0.9,
        "stop": ["a"],
        "seed": 7,
        "n": 2,
        "presence_penalty": 0.1,
        "frequency_penalty": 0.2,
        "logprobs": True,
        "top_logprobs": 3,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "city", "schema": SCHEMA, "description": "d", "strict": True},
        },
        "reasoning_effort": "low",
        "verbosity": "low",
        "service_tier": "flex",
        "user": "u",
        "prompt_cache_key": "k",
        "logit_bias": {"5": 1},
    }


def test_nothing_asked_is_nothing_sent() -> None:
    assert body() == {}


def test_a_stream_asks_for_its_usage_unless_that_is_refused() -> None:
    sent = body(stream=True)
    assert_fits(sent | {"model": "m", "messages": []}, CompletionCreateParamsStreaming)
    assert sent == {"stream": True, "stream_options": {"include_usage": True}}
    assert body(Quirks(stream_usage=False), stream=True) == {"stream": True}


@pytest.mark.parametrize(
    ("choice", "written"),
    [
        (ToolChoice(mode="auto"), "auto"),
        (ToolChoice(mode="none"), "none"),
        (ToolChoice(mode="named", name="f"), {"type": "function", "function": {"name": "f"}}),
        (ToolChoice(mode="named", name="sh"), {"type": "custom", "custom": {"name": "sh"}}),
    ],
)
def test_tool_choices_are_written(choice: ToolChoice, written: object) -> None:
    tools = [Tool(name="f"), Tool(name="sh", free=True, grammar={"syntax": "regex", "definition": "a+"})]
    sent = body(tools=tools, tool_choice=choice)
    assert_fits(sent | {"model": "m", "messages": []}, CompletionCreateParamsNonStreaming)
    assert sent["tool_choice"] == written
    assert sent["tools"][1]["custom"]["format"] == {
        "type": "grammar",
        "grammar": {"syntax": "regex", "definition": "a+"},
    }


def test_a_choice_without_tools_is_a_loss_only_if_it_forces_one() -> None:
    assert body(tool_choice=ToolChoice(mode="auto"), parallel_tools=True) == {}
    assert lost(tool_choice=ToolChoice(mode="required")) == "tool_choice"


@pytest.mark.parametrize(
    ("thinking", "facts", "effort"),
    [
        (Thinking(effort="max"), ModelFacts(), "max"),
        (Thinking(budget=0), ModelFacts(), "none"),
        (Thinking(budget=1024), ModelFacts(), "low"),
        (Thinking(budget=8192), ModelFacts(), "medium"),
        (Thinking(budget=24576), ModelFacts(), "high"),
        (Thinking(shown=True), ModelFacts(), None),
        (Thinking(effort="none"), ModelFacts(thinking="none"), None),
        (Thinking(effort="low"), ModelFacts(thinking="adaptive"), "low"),
    ],
)
def test_thinking_is_asked_for_by_effort(thinking: Thinking, facts: ModelFacts, effort: str | None) -> None:
    assert body(facts=facts, thinking=thinking).get("reasoning_effort") == effort


@pytest.mark.parametrize(
    ("param", "asked"),
    [
        ("top_k", {"top_k": 40}),
        ("thinking", {"thinking": Thinking(effort="low"), "facts": ModelFacts(thinking="none")}),
        ("thinking", {"thinking": Thinking(budget=5000), "facts": ModelFacts(thinking="always")}),
        ("service_tier", {"service_tier": "batch"}),
        ("format", {"format": Format(kind="schema", schema=SCHEMA), "quirks": Quirks(json_schema=False)}),
        ("container", {"others": {"container": "c"}}),
        ("previous_response_id", {"others": {"previous_response_id": "r"}}),
        ("seed", {"seed": 7, "quirks": Quirks(refuses=("seed",))}),
        ("max_output", {"max_output": 7, "quirks": Quirks(refuses=("max_completion_tokens",))}),
    ],
)
def test_what_chat_cannot_say_is_lost_by_name(param: str, asked: dict[str, Any]) -> None:
    assert lost(**asked) == param


def test_a_route_that_drops_sends_the_rest() -> None:
    sent = body(Quirks(json_schema=False), drop=True, top_k=5, format=Format(kind="schema", schema=SCHEMA), seed=1)
    assert sent == {"seed": 1, "response_format": {"type": "json_object"}}


def test_hints_and_defaults_that_a_provider_refuses_are_no_loss() -> None:
    quirks = Quirks(refuses=("prompt_cache_key", "n", "logprobs", "service_tier", "user"))
    assert body(quirks, cache_key="k", n=1, logprobs=False, service_tier="auto", user="u") == {}
    assert body(service_tier="standard_only") == {}


def test_a_user_that_is_longer_than_openai_takes_is_a_hash_of_it() -> None:
    assert len(body(user="u" * 65)["user"]) == 64


def test_parameters_have_the_providers_own_names() -> None:
    assert body(Quirks(renames={"max_completion_tokens": "max_tokens"}), max_output=5) == {"max_tokens": 5}


OWN = {"model": "chat", "messages": [{"role": "user", "content": "hi"}], "seed": 7, "unheard_of": {"x": [1]}}


def forwarded(quirks: Quirks, stream: bool = False, drop: bool = False, **params: Any) -> dict[str, Any]:
    to = Destination(provider="p", model="m", quirks=quirks)
    given = OWN | params
    sent: dict[str, Any] = json.loads(forward(given, to, stream, Losses("p", drop=drop)))
    assert given == OWN | params
    return sent


def test_a_request_of_the_same_dialect_passes_whole() -> None:
    assert forwarded(Quirks()) == OWN | {"model": "m"}
    assert forwarded(Quirks(), stream=True)["stream_options"] == {"include_usage": True}
    assert "metadata" not in forwarded(Quirks(), metadata={"team": "a"})


def test_quirks_bend_a_passing_request() -> None:
    quirks = Quirks(refuses=("logit_bias",), renames={"max_completion_tokens": "max_tokens"}, stream_usage=False)
    sent = forwarded(
        quirks, stream=True, logit_bias={}, max_completion_tokens=5, stream_options={"include_usage": True}
    )
    assert sent == OWN | {"model": "m", "max_tokens": 5}


def test_a_passing_request_loses_nothing_unseen() -> None:
    with pytest.raises(Refusal) as refused:
        forwarded(Quirks(refuses=("seed",)))
    assert refused.value.param == "seed"
    with pytest.raises(Refusal) as refused:
        forwarded(Quirks(json_schema=False), response_format={"type": "json_schema", "json_schema": {"name": "x"}})
    assert refused.value.param == "response_format"
    sent = forwarded(Quirks(json_schema=False, refuses=("seed",)), drop=True, response_format={"type": "json_schema"})
    assert "seed" not in sent
    assert sent["response_format"] == {"type": "json_object"}


def test_a_model_that_thinks_is_told_no_temperature() -> None:
    to = Destination(provider="openai", model="o3", facts=ModelFacts(thinking="adaptive"))
    with pytest.raises(Refusal, match="temperature"):
        write(Ask(turns=HI, temperature=0), to, Losses("openai"))
