"""Requests for Anthropic from what apps of other dialects ask (platform.claude.com/docs/en/api/messages)."""

import json
from typing import Any

import pytest

from gatewatch.models.facts import ModelFacts
from gatewatch.providers.quirks import Quirks
from proxy.canonical.ask import Ask, Format, Thinking, Tool, ToolChoice, Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import Image, Source, Text, ToolCall, ToolResult
from proxy.dialects.anthropic_messages.request_write import write_request
from proxy.dialects.dialect import Destination
from proxy.refusal import Refusal

HELLO = [Turn(role="user", parts=[Text(text="hi")])]
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}


def write(model: str = "claude-sonnet-4-5", *, to: dict[str, Any] | None = None, **asked: Any) -> dict[str, Any]:
    """What goes out where nothing may be lost."""
    ask = Ask(**({"turns": HELLO} | asked))
    destination = Destination(provider="claude", model=model, **(to or {}))
    body: dict[str, Any] = json.loads(write_request(ask, destination, Losses("claude")))
    return body


def dropped(
    model: str = "claude-sonnet-4-5", *, to: dict[str, Any] | None = None, **asked: Any
) -> tuple[Any, list[str]]:
    """What goes out where parameters may be dropped, and which are."""
    losses = Losses("claude", drop=True)
    ask = Ask(**({"turns": HELLO} | asked))
    destination = Destination(provider="claude", model=model, **(to or {}))
    return json.loads(write_request(ask, destination, losses)), losses.dropped


def test_a_plain_request() -> None:
    assert write(max_output=100) == {
        "model": "claude-sonnet-4-5",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "hi"}],
    }


def test_everything_that_anthropic_can_be_told() -> None:
    assert write(
        turns=[Turn(role="system", parts=[Text(text="Be brief.")]), *HELLO],
        tools=[Tool(name="f", schema=SCHEMA)],
        tool_choice=ToolChoice(mode="required"),
        parallel_tools=False,
        max_output=100,
        temperature=0.5,
        top_k=40,
        stop=["END"],
        format=Format(kind="schema", schema=SCHEMA),
        service_tier="default",
        stream=True,
        user="u-1",
        cache_key="k",
    ) == {
        "model": "claude-sonnet-4-5",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "hi"}],
        "system": "Be brief.",
        "tools": [{"name": "f", "input_schema": SCHEMA}],
        "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
        "temperature": 0.5,
        "top_k": 40,
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMA | {"additionalProperties": False}}},
        "stop_sequences": ["END"],
        "metadata": {"user_id": "u-1"},
        "service_tier": "standard_only",
        "stream": True,
    }


@pytest.mark.parametrize(
    ("model", "facts", "asked", "expected"),
    [
        ("claude-3-haiku-20240307", ModelFacts(), {}, 4096),
        ("claude-3-5-sonnet-20241022", ModelFacts(), {}, 8192),
        ("claude-opus-4-1", ModelFacts(), {}, 32000),
        ("kimi-k3", ModelFacts(), {}, 32000),
        ("claude-3-haiku-20240307", ModelFacts(max_output=4096), {}, 4096),
        ("claude-opus-5", ModelFacts(max_output=128000), {}, 32000),
        ("claude-sonnet-4-5", ModelFacts(max_output=64000), {"thinking": Thinking(budget=40000)}, 48192),
        ("claude-sonnet-4-5", ModelFacts(max_output=44000), {"thinking": Thinking(budget=40000)}, 44000),
        ("claude-opus-5", ModelFacts(max_output=128000), {"max_output": 7}, 7),
    ],
)
def test_a_reply_always_has_a_limit(model: str, facts: ModelFacts, asked: Any, expected: int) -> None:
    assert write(model, to={"facts": facts}, **asked)["max_tokens"] == expected


def test_values_that_change_nothing_are_no_loss() -> None:
    assert write(
        "claude-opus-5",
        max_output=9,
        temperature=1,
        top_p=1.0,
        n=1,
        presence_penalty=0,
        frequency_penalty=0.0,
        logprobs=False,
        top_logprobs=0,
        verbosity="low",
        service_tier="auto",
        parallel_tools=True,
    ) == {"model": "claude-opus-5", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"n": 2}, "n"),
        ({"seed": 7}, "seed"),
        ({"logprobs": True}, "logprobs"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"presence_penalty": 0.5}, "presence_penalty"),
        ({"frequency_penalty": -0.5}, "frequency_penalty"),
        ({"temperature": 1.5}, "temperature"),
        ({"format": Format(kind="json")}, "format"),
        ({"service_tier": "flex"}, "service_tier"),
        ({"stop": ["\n"]}, "stop"),
        ({"others": {"logit_bias": {"5": 1}}}, "logit_bias"),
        ({"thinking": Thinking(effort="low"), "max_output": 100}, "thinking"),
        ({"thinking": Thinking(effort="low"), "temperature": 0.2}, "temperature"),
        ({"thinking": Thinking(effort="low"), "top_p": 0.5}, "top_p"),
        ({"thinking": Thinking(effort="low"), "top_k": 5}, "top_k"),
        ({"temperature": 0.2, "top_p": 0.5}, "top_p"),
    ],
)
def test_what_cannot_be_told_is_a_400_that_names_it_or_is_dropped(asked: dict[str, Any], param: str) -> None:
    with pytest.raises(Refusal) as raised:
        write(**asked)
    assert (raised.value.status, raised.value.code, raised.value.param) == (400, "unsupported_parameter", param)
    body, lost = dropped(**asked)
    assert lost == [param]
    wide = {"n", "seed", "logprobs", "top_logprobs", "format", "stop", "logit_bias", param}
    assert not wide & body.keys()


@pytest.mark.parametrize("param", ["temperature", "top_p", "top_k"])
def test_newer_models_take_no_sampling_parameters(param: str) -> None:
    asked: dict[str, Any] = {param: 5 if param == "top_k" else 0.5}
    assert write("claude-opus-4-6", **asked)[param] == asked[param]
    assert dropped("claude-opus-4-7", **asked)[1] == [param]


def test_a_model_that_thinks_takes_a_high_top_p() -> None:
    assert write(thinking=Thinking(effort="low"), top_p=0.95)["top_p"] == 0.95


@pytest.mark.parametrize("name", ["previous_response_id", "conversation", "background"])
def test_what_makes_it_another_request_is_never_dropped(name: str) -> None:
    with pytest.raises(Refusal) as raised:
        dropped(others={name: "x"})
    assert raised.value.param == name


def test_parameters_are_named_as_the_caller_names_them() -> None:
    ask = Ask(turns=HELLO, stop=[" "])
    with pytest.raises(Refusal) as raised:
        write_request(ask, Destination(provider="p", model="m"), Losses("p", names={"stop": "stop_strings"}))
    assert raised.value.param == "stop_strings"


def test_thinking_and_effort() -> None:
    old = write(thinking=Thinking(effort="medium"))
    assert (old["thinking"], "output_config" in old) == ({"type": "enabled", "budget_tokens": 8192}, False)
    new = write("claude-opus-5", thinking=Thinking(effort="medium"), format=Format(kind="schema", schema=SCHEMA))
    assert (new["thinking"], new["output_config"]["effort"]) == ({"type": "adaptive"}, "medium")
    assert new["output_config"]["format"]["type"] == "json_schema"


def test_a_forced_call_turns_thinking_off_that_nobody_asked_for() -> None:
    tools: dict[str, Any] = {"tools": [Tool(name="f")], "tool_choice": ToolChoice(mode="named", name="f")}
    assert write("claude-opus-5", **tools)["thinking"] == {"type": "disabled"}
    assert "thinking" not in write(**tools)


def test_a_tool_call_with_its_result_and_a_picture() -> None:
    turns = [
        Turn(role="user", parts=[Text(text="See"), Image(source=Source(data="iVBO", media_type="image/png"))]),
        Turn(role="assistant", parts=[ToolCall(id="call_1", name="f", arguments='{"a":"b"}')]),
        Turn(role="user", parts=[ToolResult(call_id="call_1", parts=[Text(text="ok")])]),
    ]
    assert write(turns=turns)["messages"] == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "See"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}},
            ],
        },
        {"role": "assistant", "content": [{"type": "tool_use", "id": "call_1", "name": "f", "input": {"a": "b"}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": "ok"}]},
    ]


@pytest.mark.parametrize(
    ("tier", "expected"), [(None, None), ("auto", None), ("default", "standard_only"), ("priority", "auto")]
)
def test_tiers(tier: str | None, expected: str | None) -> None:
    assert write(service_tier=tier).get("service_tier") == expected


def test_a_provider_may_refuse_parameters_and_call_them_otherwise() -> None:
    quirks = Quirks(refuses=("top_k", "metadata"), renames={"max_tokens": "max_output_tokens"}, json_schema=False)
    body, lost = dropped(
        to={"quirks": quirks}, top_k=5, user="u", max_output=9, format=Format(kind="schema", schema=SCHEMA)
    )
    assert lost == ["format", "top_k", "metadata"]
    assert body == {
        "model": "claude-sonnet-4-5",
        "max_output_tokens": 9,
        "messages": [{"role": "user", "content": "hi"}],
    }


def test_a_request_without_a_word_is_told_so() -> None:
    with pytest.raises(Refusal) as raised:
        write(turns=[Turn(role="user", parts=[Text(text=" ")])])
    assert raised.value.param == "messages"


def test_what_goes_out_is_what_the_sdk_knows(sdk: Any) -> None:
    from pydantic import TypeAdapter
    from typing_extensions import get_annotations

    known = get_annotations(sdk.types.message_create_params.MessageCreateParamsBase) | {"stream": bool}
    body = write(
        "claude-opus-5",
        tools=[Tool(name="f", schema=SCHEMA, strict=True)],
        thinking=Thinking(effort="high", shown=True),
        format=Format(kind="schema", schema=SCHEMA),
        stop=["END"],
        user="u",
        service_tier="priority",
        stream=True,
    )
    assert body.keys() <= known.keys()
    TypeAdapter(sdk.types.ThinkingConfigParam).validate_python(body["thinking"], strict=True)
    TypeAdapter(sdk.types.OutputConfigParam).validate_python(body["output_config"], strict=True)
    TypeAdapter(sdk.types.ToolParam).validate_python(body["tools"][0], strict=True)
