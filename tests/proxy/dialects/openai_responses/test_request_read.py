"""A request to Responses → Ask (openai/types/responses/response_create_params.py)."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.canonical.ask import Ask, Format, Thinking, Tool, ToolChoice, Turn
from proxy.canonical.parts import Text
from proxy.dialects.openai_responses.request_read import read_request
from proxy.refusal import Refusal

HI = [Turn(role="user", parts=[Text(text="hi")])]


def test_the_smallest_request() -> None:
    assert read_request({"model": "m", "input": "hi"}) == Ask(turns=HI)


def test_everything_that_can_be_translated() -> None:
    schema = {"type": "object", "properties": {}}
    ask = read_request(
        {
            "model": "m",
            "instructions": "be brief",
            "input": "hi",
            "tools": [{"type": "function", "name": "f", "parameters": schema, "strict": False}],
            "tool_choice": "required",
            "parallel_tool_calls": False,
            "max_output_tokens": 100,
            "temperature": 0.5,
            "top_p": 1,
            "top_logprobs": 3,
            "include": ["reasoning.encrypted_content", "message.output_text.logprobs"],
            "text": {
                "format": {"type": "json_schema", "name": "x", "schema": schema, "strict": True},
                "verbosity": "low",
            },
            "reasoning": {"effort": "high", "summary": "auto"},
            "service_tier": "flex",
            "safety_identifier": "u1",
            "prompt_cache_key": "k",
            "stream": True,
        }
    )
    assert ask == Ask(
        turns=[Turn(role="system", parts=[Text(text="be brief")]), *HI],
        tools=[Tool(name="f", schema=schema, strict=False)],
        tool_choice=ToolChoice(mode="required"),
        parallel_tools=False,
        max_output=100,
        temperature=0.5,
        top_p=1.0,
        logprobs=True,
        top_logprobs=3,
        format=Format(kind="schema", name="x", schema=schema, strict=True),
        thinking=Thinking(effort="high", shown=True),
        verbosity="low",
        service_tier="flex",
        user="u1",
        cache_key="k",
        stream=True,
    )


@pytest.mark.parametrize(
    "more",
    [
        {"store": False},
        {"store": True},
        {"background": False},
        {"truncation": "disabled"},
        {"previous_response_id": None, "conversation": None, "prompt": None},
        {"metadata": {"team": "x"}},
        {"client_metadata": {"x-codex-installation-id": "x"}},
        {"stream_options": {"include_obfuscation": False}},
        {"prompt_cache_retention": "24h", "prompt_cache_options": {"mode": "implicit", "ttl": "30m"}},
        {"text": {"format": {"type": "text"}}},
        {"reasoning": {"effort": None, "context": "auto", "mode": "standard"}},
        {"include": ["reasoning.encrypted_content"]},
        {"top_logprobs": 0},
        {"tools": []},
        {"max_tool_calls": 3},
    ],
)
def test_what_changes_nothing_is_no_loss(more: dict[str, Any]) -> None:
    assert read_request({"model": "m", "input": "hi", **more}) == Ask(turns=HI)


@pytest.mark.parametrize(
    ("more", "others"),
    [
        ({"background": True}, {"background": True}),
        ({"truncation": "auto"}, {"truncation": "auto"}),
        ({"previous_response_id": "resp_1"}, {"previous_response_id": "resp_1"}),
        ({"conversation": {"id": "c"}}, {"conversation": {"id": "c"}}),
        ({"prompt": {"id": "p"}}, {"prompt": {"id": "p"}}),
        (
            {"include": ["reasoning.encrypted_content", "file_search_call.results"]},
            {"include": ["file_search_call.results"]},
        ),
        ({"tools": [{"type": "web_search"}]}, {"tools[0]": {"type": "web_search"}}),
        ({"reasoning": {"mode": "pro"}}, {"reasoning.mode": "pro"}),
        ({"prompt_cache_options": {"prewarm": True}}, {"prompt_cache_options": {"prewarm": True}}),
        ({"seed": 1, "wish": "x"}, {"seed": 1, "wish": "x"}),
    ],
)
def test_what_has_no_place_stands_in_the_others(more: dict[str, Any], others: dict[str, Any]) -> None:
    assert read_request({"model": "m", "input": "hi", **more}).others == others


def test_any_json_is_asked_for() -> None:
    body = {"model": "m", "input": "hi", "text": {"format": {"type": "json_object"}}}
    assert read_request(body).format == Format(kind="json")


def test_the_old_names_of_the_user_and_of_the_summary() -> None:
    ask = read_request({"model": "m", "input": "hi", "user": "u", "reasoning": {"generate_summary": "auto"}})
    assert (ask.user, ask.thinking) == ("u", Thinking(shown=True))


def test_without_input_there_must_be_a_state_to_go_on_from() -> None:
    with pytest.raises(Refusal) as refused:
        read_request({"model": "m", "instructions": "x"})
    assert (refused.value.code, refused.value.param) == ("missing_required_parameter", "input")
    assert read_request({"model": "m", "prompt": {"id": "p"}}).others == {"prompt": {"id": "p"}}


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"input": 5}, "input"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_output_tokens": 1.5}, "max_output_tokens"),
        ({"text": {"format": {"type": "yaml"}}}, "text.format.type"),
        ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "text.format.schema"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"include": "x"}, "include"),
        ({"stream": "yes"}, "stream"),
    ],
)
def test_a_malformed_parameter_is_a_400_that_names_it(more: dict[str, Any], param: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_request({"model": "m", "input": "hi", **more})
    assert (refused.value.status, refused.value.param) == (400, param)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "role", "content", "text", "name", "format", "call_id", "output", "summary", "id"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["input", "tools", "tool_choice", "text", "reasoning", "include"]), _JSON))
def test_whatever_a_caller_sends_is_read_or_refused(body: dict[str, Any]) -> None:
    with suppress(Refusal):
        read_request(body)
