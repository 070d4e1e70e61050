"""Input items → turns (openai/types/responses/response_input_item_param.py)."""

from typing import Any

import pytest

from proxy.canonical.ask import Turn
from proxy.canonical.parts import Declined, Image, Reasoning, Source, Text, ToolCall, ToolResult
from proxy.dialects.openai_responses.items_read import read_items
from proxy.refusal import Refusal


def test_messages_in_their_easy_and_their_full_form() -> None:
    others: dict[str, Any] = {}
    turns = read_items(
        [
            {"role": "developer", "content": "be brief"},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
            {
                "type": "message",
                "id": "msg_1",
                "status": "completed",
                "role": "assistant",
                "content": [
                    {"type": "output_text", "text": "hello", "annotations": []},
                    {"type": "refusal", "refusal": "no"},
                ],
            },
            {"role": "user", "content": "a"},
            {"role": "user", "content": "b"},
        ],
        others,
    )
    assert turns == [
        Turn(role="developer", parts=[Text(text="be brief")]),
        Turn(role="user", parts=[Text(text="hi")]),
        Turn(role="assistant", parts=[Text(text="hello"), Declined(text="no")]),
        Turn(role="user", parts=[Text(text="a")]),
        Turn(role="user", parts=[Text(text="b")]),
    ]
    assert others == {}


def test_what_the_assistant_did_in_one_go_is_one_turn_and_so_are_the_results() -> None:
    turns = read_items(
        [
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA"},
            {"role": "assistant", "content": "let me see"},
            {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{}"},
            {"type": "custom_tool_call", "call_id": "c2", "name": "patch", "input": "*** Begin"},
            {"type": "function_call_output", "call_id": "c1", "output": "sunny"},
            {
                "type": "custom_tool_call_output",
                "call_id": "c2",
                "output": [{"type": "input_text", "text": "ok"}, {"type": "input_image", "image_url": "https://x"}],
            },
        ],
        {},
    )
    assert turns == [
        Turn(
            role="assistant",
            parts=[
                Reasoning(signature="gAAAA", redacted=True, id="rs_1", origin="openai-responses"),
                Text(text="let me see"),
                ToolCall(id="c1", name="weather", arguments="{}"),
                ToolCall(id="c2", name="patch", arguments="*** Begin", free=True),
            ],
        ),
        Turn(
            role="user",
            parts=[
                ToolResult(call_id="c1", name="weather", parts=[Text(text="sunny")]),
                ToolResult(
                    call_id="c2",
                    name="patch",
                    parts=[Text(text="ok"), Image(source=Source(url="https://x"))],
                    free=True,
                ),
            ],
        ),
    ]


def test_thoughts_come_back_with_the_name_of_their_maker() -> None:
    summary = [{"type": "summary_text", "text": "first"}, {"type": "summary_text", "text": "then"}]
    (turn,) = read_items(
        [
            {"type": "reasoning", "summary": summary, "encrypted_content": "gw1.anthropic-messages.sig"},
            {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "plain"}]},
            {"type": "reasoning", "id": "rs_stored", "summary": []},
        ],
        {},
    )
    assert turn.parts == [
        Reasoning(text="first\n\nthen", signature="sig", origin="anthropic-messages"),
        Reasoning(text="plain"),
    ]


def test_the_signature_of_a_call_comes_back_to_its_call() -> None:
    (turn,) = read_items(
        [
            {"type": "reasoning", "summary": [], "encrypted_content": "gw1.call:gemini.one"},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
            {"type": "function_call", "call_id": "c2", "name": "f", "arguments": "{}"},
        ],
        {},
    )
    assert turn.parts == [
        ToolCall(id="c1", name="f", arguments="{}", signature="one", origin="gemini"),
        ToolCall(id="c2", name="f", arguments="{}"),
    ]


def test_a_signature_without_its_call_signs_no_other() -> None:
    (turn,) = read_items(
        [
            {"type": "reasoning", "summary": [], "encrypted_content": "gw1.call:gemini.one"},
            {"role": "assistant", "content": "so"},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        ],
        {},
    )
    assert turn.parts == [Text(text="so"), ToolCall(id="c1", name="f", arguments="{}")]


def test_thoughts_that_were_not_shown_are_not_taken_for_redacted_ones() -> None:
    (turn,) = read_items(
        [
            {"type": "reasoning", "summary": [], "encrypted_content": "gw1.anthropic-messages.sig"},
            {"type": "reasoning", "summary": [], "encrypted_content": "gw1.redacted:anthropic-messages.data"},
        ],
        {},
    )
    assert turn.parts == [
        Reasoning(signature="sig", origin="anthropic-messages"),
        Reasoning(signature="data", origin="anthropic-messages", redacted=True),
    ]


def test_what_openai_alone_understands_is_not_forgotten() -> None:
    others: dict[str, Any] = {}
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    read_items([search, {"type": "item_reference", "id": "msg_1"}], others)
    assert others == {"input[0]": search, "item_reference": {"type": "item_reference", "id": "msg_1"}}
    others = {}
    read_items([{"id": "msg_1"}, {"role": "user", "content": [{"type": "hologram"}]}], others)
    assert others == {"item_reference": {"id": "msg_1"}, "input[1].content[0]": {"type": "hologram"}}


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"role": "wizard", "content": "x"}, "input[1].role"),
        ({"role": "user", "content": 5}, "input[1].content"),
        ({"role": "user"}, "input[1].content"),
        ({"type": "function_call", "name": "f", "arguments": "{}"}, "input[1].call_id"),
        ({"type": "function_call_output", "call_id": "c", "output": {"a": 1}}, "input[1].output"),
        (
            {"type": "function_call_output", "call_id": "c", "output": [{"type": "refusal", "refusal": "x"}]},
            "input[1]",
        ),
    ],
)
def test_a_malformed_item_is_refused_by_its_place(item: dict[str, Any], param: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_items([{"role": "user", "content": "x"}, item], {})
    assert (refused.value.status, refused.value.param) == (400, param)
