"""Messages by the API reference of Chat Completions; reasoning by DeepSeek, OpenRouter, LiteLLM and Google."""

from typing import Any

import pytest

from proxy.canonical.ask import Turn
from proxy.canonical.parts import CacheMark, Declined, Image, Reasoning, Source, Text, ToolCall, ToolResult
from proxy.dialects.openai_chat.messages_read import read_turns
from proxy.refusal import Refusal

CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Bonn"}'}}


def turns(*messages: object) -> list[Turn]:
    return read_turns({"messages": list(messages)}, {})


def test_a_conversation_keeps_its_order_and_roles() -> None:
    assert turns(
        {"role": "developer", "content": "Be brief."},
        {"role": "system", "content": [{"type": "text", "text": "Be kind."}]},
        {"role": "user", "content": "Hi", "name": "ann"},
        {"role": "assistant", "content": "Hello."},
    ) == [
        Turn(role="developer", parts=[Text(text="Be brief.")]),
        Turn(role="system", parts=[Text(text="Be kind.")]),
        Turn(role="user", parts=[Text(text="Hi")], name="ann"),
        Turn(role="assistant", parts=[Text(text="Hello.")]),
    ]


def test_parallel_tool_calls_and_their_results_know_each_other() -> None:
    other = {"id": "call_2", "type": "custom", "custom": {"name": "shell", "input": "ls"}}
    asked, first, second = turns(
        {"role": "assistant", "content": None, "tool_calls": [CALL, other]},
        {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
        {"role": "tool", "tool_call_id": "call_2", "content": [{"type": "text", "text": "a.txt"}]},
    )
    assert asked.parts == [
        ToolCall(id="call_1", name="weather", arguments='{"city":"Bonn"}'),
        ToolCall(id="call_2", name="shell", arguments="ls", free=True),
    ]
    assert first == Turn(role="user", parts=[ToolResult(call_id="call_1", name="weather", parts=[Text(text="rain")])])
    assert second.parts == [ToolResult(call_id="call_2", name="shell", parts=[Text(text="a.txt")], free=True)]


def test_a_tool_result_may_show_an_image() -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://e.com/a.png"}}
    (turn,) = turns({"role": "tool", "tool_call_id": "c", "content": [picture]})
    assert turn.parts == [ToolResult(call_id="c", parts=[Image(source=Source(url="https://e.com/a.png"))])]


def test_deprecated_function_calls_become_tool_calls_with_ids_of_their_own() -> None:
    asked, answered, again, answered_again = turns(
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "1"},
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "2"},
    )
    calls = [part for turn in (asked, again) for part in turn.parts if isinstance(part, ToolCall)]
    results = [part for turn in (answered, answered_again) for part in turn.parts if isinstance(part, ToolResult)]
    assert [call.id for call in calls] == [result.call_id for result in results]
    assert len({call.id for call in calls}) == 2
    assert [result.name for result in results] == ["f", "f"]


def test_a_models_refusal_stays_one() -> None:
    said, parted = turns(
        {"role": "assistant", "content": None, "refusal": "I can't."},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "I won't."}]},
    )
    assert (said.parts, parted.parts) == ([Declined(text="I can't.")], [Declined(text="I won't.")])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"reasoning_content": "Hm."}, [Reasoning(text="Hm.")], id="DeepSeek"),
        pytest.param({"reasoning": "Hm."}, [Reasoning(text="Hm.")], id="OpenRouter, plain"),
        pytest.param(
            {
                "reasoning_content": "Hm.",
                "reasoning_details": [
                    {"type": "reasoning.text", "text": "Hm.", "signature": "gw1.anthropic-messages.abc", "index": 0},
                    {"type": "reasoning.encrypted", "data": "gw1.anthropic-messages.red", "index": 1},
                ],
            },
            [
                Reasoning(text="Hm.", signature="abc", origin="anthropic-messages"),
                Reasoning(signature="red", redacted=True, origin="anthropic-messages"),
            ],
            id="what we sent comes back with its maker",
        ),
        pytest.param(
            {
                "reasoning_content": "Hm.",
                "reasoning_details": [{"type": "reasoning.text", "signature": "gw1.gemini.x", "index": 0}],
            },
            [Reasoning(text="Hm.", signature="x", origin="gemini")],
            id="text in one field, its signature in the other",
        ),
        pytest.param(
            {
                "reasoning_content": "Hm. So.",
                "reasoning_details": [{"type": "reasoning.text", "signature": "gw1.gemini.x", "signed_length": 7}],
            },
            [Reasoning(text="Hm. So.", signature="x", origin="gemini")],
            id="all of the text that was signed",
        ),
        pytest.param(
            {
                "reasoning_content": " So.",
                "reasoning_details": [{"type": "reasoning.text", "signature": "gw1.gemini.x", "signed_length": 7}],
            },
            [Reasoning(signature="x", origin="gemini")],
            id="the last delta alone, as the JavaScript SDK's stream helper keeps it",
        ),
        pytest.param(
            {"reasoning_details": [{"type": "reasoning.text", "text": "Hm.", "signature": "bare"}]},
            [Reasoning(text="Hm.", signature="bare", origin="openai-chat")],
            id="a bare signature is chat's own",
        ),
        pytest.param(
            {
                "thinking_blocks": [
                    {"type": "thinking", "thinking": "Hm.", "signature": "gw1.anthropic-messages.abc"},
                    {"type": "redacted_thinking", "data": "gw1.anthropic-messages.red"},
                ]
            },
            [
                Reasoning(text="Hm.", signature="abc", origin="anthropic-messages"),
                Reasoning(signature="red", redacted=True, origin="anthropic-messages"),
            ],
            id="LiteLLM",
        ),
    ],
)
def test_earlier_thoughts_stand_before_the_text(fields: dict[str, Any], expected: list[Reasoning]) -> None:
    (turn,) = turns({"role": "assistant", "content": "Yes.", **fields})
    assert turn.parts == [*expected, Text(text="Yes.")]


@pytest.mark.parametrize(
    ("sent", "origin", "signature"),
    [("gw1.gemini.sig==", "gemini", "sig=="), ("sig==", "openai-chat", "sig==")],
)
def test_a_tool_calls_thought_signature_comes_back(sent: str, origin: str, signature: str) -> None:
    call = CALL | {"extra_content": {"google": {"thought_signature": sent}}}
    (turn,) = turns({"role": "assistant", "content": None, "tool_calls": [call]})
    (part,) = turn.parts
    assert isinstance(part, ToolCall)
    assert (part.origin, part.signature) == (origin, signature)


def test_what_has_no_place_in_a_turn_is_kept_by_its_path() -> None:
    others: dict[str, Any] = {}
    spoken = {"role": "assistant", "audio": {"id": "audio_1"}, "refusal": None}
    begun = {"role": "assistant", "content": "```", "prefix": True}
    read_turns({"messages": [{"role": "user", "content": "hi"}, spoken, begun | {"audio": None}]}, others)
    assert others == {"messages[1].audio": {"id": "audio_1"}, "messages[2].prefix": True}


def test_a_mark_on_a_message_is_one_on_its_last_part() -> None:
    mark = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    user, tool = turns(
        {"role": "user", "content": "long", **mark}, {"role": "tool", "tool_call_id": "c", "content": "", **mark}
    )
    assert user.parts == [Text(text="long", cache=CacheMark(ttl="1h"))]
    assert isinstance(tool.parts[0], ToolResult)
    assert tool.parts[0].cache == CacheMark(ttl="1h")


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({}, "messages", "missing_required_parameter"),
        ({"messages": "hi"}, "messages", "invalid_type"),
        ({"messages": []}, "messages", "invalid_value"),
        ({"messages": ["hi"]}, "messages[0]", "invalid_type"),
        ({"messages": [{"content": "hi"}]}, "messages[0].role", "missing_required_parameter"),
        ({"messages": [{"role": "robot", "content": "hi"}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "invalid_type"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content", "invalid_type"),
        (
            {"messages": [{"role": "user", "content": [{"type": "refusal", "refusal": "x"}]}]},
            "messages[0].content[0].type",
            "invalid_value",
        ),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id", "missing_required_parameter"),
        ({"messages": [{"role": "assistant", "tool_calls": {}}]}, "messages[0].tool_calls", "invalid_type"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"type": "function"}]}]},
            "messages[0].tool_calls[0].id",
            "missing_required_parameter",
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"id": "c", "type": "x"}]}]},
            "messages[0].tool_calls[0].type",
            "invalid_value",
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": 3}}]}]},
            "messages[0].tool_calls[0].function.name",
            "invalid_type",
        ),
        (
            {"messages": [{"role": "assistant", "content": "x", "reasoning_details": "x"}]},
            "messages[0].reasoning_details",
            "invalid_type",
        ),
    ],
)
def test_a_malformed_message_is_a_400_with_its_path(body: dict[str, Any], param: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_turns(body, {})
    assert (refused.value.status, refused.value.param, refused.value.code) == (400, param, code)
