"""A request to a provider of Responses. The sandbox, which refuses what OpenAI refuses, judges every one.

Fields: openai/types/responses/response_create_params.py.
"""

from typing import Any

import msgspec
import pytest

from gatewatch.models.facts import ModelFacts
from gatewatch.providers.quirks import Quirks
from proxy.canonical.ask import Ask, Format, Thinking, Tool, ToolChoice, Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import Text
from proxy.dialects.dialect import Destination
from proxy.dialects.openai_responses.opaque import item_id
from proxy.dialects.openai_responses.request_write import forward_request, write_request
from proxy.refusal import Refusal
from proxy.sandbox.responses_request import ResponseAsked

TO = Destination(provider="openai", model="gpt-5")
HI = [Turn(role="user", parts=[Text(text="hi")])]
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
ALWAYS = {
    "model": "gpt-5",
    "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}],
    "include": ["reasoning.encrypted_content"],
    "store": False,
}


def sent(ask: Ask, to: Destination = TO, losses: Losses | None = None) -> dict[str, Any]:
    raw = write_request(ask, to, losses or Losses("openai"))
    asked = msgspec.json.decode(raw, type=ResponseAsked)
    asked.items()
    asked.must_call()
    body: dict[str, Any] = msgspec.json.decode(raw)
    return body


def test_the_smallest_request_keeps_nothing_there_and_gets_its_reasoning_back() -> None:
    assert sent(Ask(turns=HI)) == ALWAYS


def test_every_field_has_its_place() -> None:
    ask = Ask(
        turns=[Turn(role="system", parts=[Text(text="be brief")]), *HI],
        tools=[
            Tool(name="f", description="d", schema=SCHEMA),
            Tool(name="g", schema=SCHEMA, strict=True),
            Tool(name="p", free=True, grammar={"syntax": "lark", "definition": "start: /x/"}),
            Tool(name="n"),
        ],
        tool_choice=ToolChoice(mode="named", name="p"),
        parallel_tools=False,
        max_output=200,
        temperature=0.5,
        top_p=0.9,
        logprobs=True,
        top_logprobs=2,
        format=Format(kind="schema", name="x", description="y", schema=SCHEMA),
        thinking=Thinking(effort="high", shown=True),
        verbosity="low",
        service_tier="flex",
        stream=True,
        user="u",
        cache_key="k",
    )
    assert sent(ask) == {
        **ALWAYS,
        "instructions": "be brief",
        "tools": [
            {"type": "function", "name": "f", "description": "d", "parameters": SCHEMA, "strict": False},
            {"type": "function", "name": "g", "parameters": SCHEMA, "strict": True},
            {
                "type": "custom",
                "name": "p",
                "format": {"type": "grammar", "syntax": "lark", "definition": "start: /x/"},
            },
            {"type": "function", "name": "n", "parameters": {"type": "object", "properties": {}}, "strict": False},
        ],
        "tool_choice": {"type": "custom", "name": "p"},
        "parallel_tool_calls": False,
        "max_output_tokens": 200,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_logprobs": 2,
        "include": ["reasoning.encrypted_content", "message.output_text.logprobs"],
        "text": {
            "format": {"type": "json_schema", "name": "x", "description": "y", "schema": SCHEMA, "strict": False},
            "verbosity": "low",
        },
        "reasoning": {"effort": "high", "summary": "auto"},
        "service_tier": "flex",
        "stream": True,
        "safety_identifier": "u",
        "prompt_cache_key": "k",
    }


@pytest.mark.parametrize(
    ("thinking", "said"),
    [
        (Thinking(effort="none"), {"effort": "none"}),
        (Thinking(effort="xhigh"), {"effort": "xhigh"}),
        (Thinking(budget=0), {"effort": "none"}),
        (Thinking(budget=1024), {"effort": "low"}),
        (Thinking(budget=8192), {"effort": "medium"}),
        (Thinking(budget=31999), {"effort": "high"}),
        (Thinking(effort="low", budget=8192), {"effort": "low"}),
        (Thinking(shown=True), {"summary": "auto"}),
        (Thinking(effort="none", shown=True), {"effort": "none"}),
        (Thinking(), None),
    ],
)
def test_how_much_to_think(thinking: Thinking, said: dict[str, str] | None) -> None:
    assert sent(Ask(turns=HI, thinking=thinking)).get("reasoning") == said


def test_a_model_that_does_not_reason_is_not_asked_to() -> None:
    plain = Destination(provider="openai", model="gpt-4.1", facts=ModelFacts(thinking="none"))
    body = sent(Ask(turns=HI, thinking=Thinking(effort="none")), plain)
    assert "reasoning" not in body
    assert "include" not in body
    with pytest.raises(Refusal) as refused:
        write_request(Ask(turns=HI, thinking=Thinking(effort="high")), plain, Losses("openai"))
    assert refused.value.param == "thinking"


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"top_k": 5}, "top_k"),
        ({"stop": ["x"]}, "stop_sequences"),
        ({"seed": 1}, "seed"),
        ({"n": 2}, "n"),
        ({"presence_penalty": 0.1}, "presence_penalty"),
        ({"frequency_penalty": 0.1}, "frequency_penalty"),
        ({"service_tier": "turbo"}, "service_tier"),
        ({"thinking": Thinking(effort="extreme")}, "thinking"),
        ({"others": {"logit_bias": {"1": 1}}}, "logit_bias"),
    ],
)
def test_what_the_api_does_not_know_is_lost_by_the_callers_name(more: dict[str, Any], param: str) -> None:
    names = {"stop": "stop_sequences"}
    with pytest.raises(Refusal) as refused:
        write_request(Ask(turns=HI, **more), TO, Losses("openai", names=names))
    assert (refused.value.code, refused.value.param) == ("unsupported_parameter", param)
    losses = Losses("openai", drop=True, names=names)
    assert sent(Ask(turns=HI, **more), losses=losses) == ALWAYS
    assert losses.dropped == [param]


@pytest.mark.parametrize("more", [{"n": 1}, {"presence_penalty": 0.0}, {"frequency_penalty": 0}, {"logprobs": False}])
def test_what_changes_nothing_is_no_loss(more: dict[str, Any]) -> None:
    assert sent(Ask(turns=HI, **more)) == ALWAYS


def test_what_only_its_maker_can_do_is_refused_even_where_the_route_drops() -> None:
    with pytest.raises(Refusal):
        write_request(Ask(turns=HI, others={"previous_response_id": "resp_1"}), TO, Losses("openai", drop=True))


def test_parameters_that_the_api_knows_by_the_same_name_are_carried() -> None:
    ask = Ask(turns=HI, others={"prompt_cache_retention": "24h"})
    assert sent(ask) == {**ALWAYS, "prompt_cache_retention": "24h"}


def test_fewer_tokens_than_the_api_takes_are_its_least() -> None:
    assert sent(Ask(turns=HI, max_output=1))["max_output_tokens"] == 16


def test_a_choice_among_no_tools_is_left_out() -> None:
    assert sent(Ask(turns=HI, tool_choice=ToolChoice(mode="auto"), parallel_tools=True)) == ALWAYS


def test_anthropics_standard_tier_is_the_default_one() -> None:
    assert sent(Ask(turns=HI, service_tier="standard_only"))["service_tier"] == "default"


def test_quirks_rename_refuse_and_take_no_schema() -> None:
    odd = Destination(
        provider="odd",
        model="m",
        quirks=Quirks(refuses=("store", "temperature"), renames={"max_output_tokens": "max"}, json_schema=False),
    )
    ask = Ask(turns=HI, max_output=50, temperature=1.0, format=Format(kind="schema", schema=SCHEMA))
    losses = Losses("odd", drop=True)
    body = msgspec.json.decode(write_request(ask, odd, losses))
    assert losses.dropped == ["format", "temperature"]
    assert body["max"] == 50
    assert body["text"] == {"format": {"type": "json_object"}}
    assert body.keys().isdisjoint({"store", "temperature", "max_output_tokens"})


def test_a_refused_parameter_is_lost_by_the_callers_name_and_what_the_gateway_added_by_none() -> None:
    odd = Destination(
        provider="odd",
        model="m",
        quirks=Quirks(refuses=("include", "prompt_cache_key", "reasoning", "safety_identifier")),
    )
    losses = Losses("odd", drop=True, names={"thinking": "reasoning_effort"})
    body = msgspec.json.decode(write_request(Ask(turns=HI, cache_key="k", user="u"), odd, losses))
    assert losses.dropped == []
    assert body.keys() == {"model", "input", "store"}
    write_request(Ask(turns=HI, logprobs=True, thinking=Thinking(effort="low")), odd, losses)
    assert losses.dropped == ["logprobs", "reasoning_effort"]


def test_a_user_that_is_longer_than_openai_takes_is_a_hash_of_it() -> None:
    body = msgspec.json.decode(write_request(Ask(turns=HI, user="u" * 129), TO, Losses("openai")))
    assert len(body["safety_identifier"]) == 64


def test_a_callers_own_request_goes_on_with_all_that_stands_in_it() -> None:
    body = {
        "model": "fast",
        "input": [{"role": "user", "content": "hi", "new": 1}],
        "metadata": {"a": "b"},
        "brand_new": {"x": 1},
        "store": True,
    }
    before = msgspec.json.encode(body)
    said = msgspec.json.decode(forward_request(body, TO, True, Losses("openai")))
    assert said == {**body, "model": "gpt-5", "stream": True}
    assert msgspec.json.encode(body) == before


def test_thoughts_of_others_do_not_go_on() -> None:
    call_id = "01939d0a-7e1c-7000-8000-000000000001"
    body = {
        "input": [
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gw1.gemini.x"},
            {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "gAAAA"},
            {"type": "function_call", "id": item_id("fc", call_id, 0), "call_id": "c", "name": "f", "arguments": "{}"},
        ]
    }
    said = msgspec.json.decode(forward_request(body, TO, False, Losses("openai")))
    assert said["input"] == [
        {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "gAAAA"},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
    ]


def test_a_parameter_that_the_provider_refuses_is_lost_from_a_callers_own_request_too() -> None:
    odd = Destination(provider="odd", model="m", quirks=Quirks(refuses=("truncation",)))
    with pytest.raises(Refusal) as refused:
        forward_request({"input": "hi", "truncation": "auto"}, odd, False, Losses("odd"))
    assert refused.value.param == "truncation"
    assert b"truncation" not in forward_request({"input": "hi", "truncation": None}, odd, False, Losses("odd"))


def test_work_that_outlives_its_reply_is_refused_whoever_asks() -> None:
    """What it costs would be known by nobody: the reply comes before the work (platform.openai.com, Background)."""
    with pytest.raises(Refusal) as refused:
        forward_request({"input": "hi", "background": True}, TO, False, Losses("openai", drop=True))
    assert (refused.value.status, refused.value.code) == (400, "unsupported_parameter")
    assert refused.value.param == "background"
    for usual in (False, None):
        assert forward_request({"input": "hi", "background": usual}, TO, False, Losses("openai"))


def test_a_verbosity_that_a_provider_does_not_take_is_left_out() -> None:
    odd = Destination(provider="odd", model="m", quirks=Quirks(refuses=("text",)))
    assert b"verbosity" not in write_request(Ask(turns=HI, verbosity="low"), odd, Losses("odd"))


@pytest.mark.parametrize("more", [{}, {"store": False}, {"store": None}])
def test_metadata_is_the_gateways_unless_the_provider_is_told_to_keep_the_reply(more: dict[str, Any]) -> None:
    body = {"input": "hi", "metadata": {"feature": "search"}, **more}
    said = msgspec.json.decode(forward_request(body, TO, False, Losses("openai")))
    assert said == {"input": "hi", **more, "model": "gpt-5"}
    kept = msgspec.json.decode(forward_request({**body, "store": True}, TO, False, Losses("openai")))
    assert kept["metadata"] == {"feature": "search"}


def test_a_model_that_thinks_is_told_no_temperature() -> None:
    to = Destination(provider="openai", model="gpt-5.1", facts=ModelFacts(thinking="adaptive"))
    assert sent(Ask(turns=HI, temperature=0), to)["temperature"] == 0
    with pytest.raises(Refusal, match="temperature"):
        write_request(Ask(turns=HI, temperature=0, thinking=Thinking(effort="low")), to, Losses("openai"))
