"""Whole replies as apps that speak Messages get them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from gatewatch.call import Tokens
from proxy.canonical.answer import Answer, Choice, Finish, Usage
from proxy.canonical.parts import Audio, Citation, Declined, Part, Reasoning, Text, ToolCall
from proxy.dialects.anthropic_messages.reply_write import count_reply, write_reply

CALL_ID = "0190b5a0-1111-7000-8000-000000000001"
TOKENS = Tokens(
    input_uncached=2095, input_cache_read=1800, input_cache_write_5m=148, input_cache_write_1h=100, output=503
)


def reply(*parts: Part, finish: Finish = "stop", tokens: Tokens = TOKENS, **fields: Any) -> dict[str, Any]:
    answer = Answer(choices=[Choice(parts=list(parts), finish=finish)], usage=Usage(), model="gpt-5", **fields)
    message: dict[str, Any] = json.loads(write_reply(answer, tokens, {"model": "asked"}, CALL_ID))
    return message


def test_a_whole_message() -> None:
    assert reply(Text(text="Hi!"), id="chatcmpl-1") == {
        "id": "msg_0190b5a0111170008000000000000001",
        "type": "message",
        "role": "assistant",
        "model": "gpt-5",
        "content": [{"type": "text", "text": "Hi!"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 2095,
            "cache_creation_input_tokens": 248,
            "cache_read_input_tokens": 1800,
            "cache_creation": {"ephemeral_5m_input_tokens": 148, "ephemeral_1h_input_tokens": 100},
            "output_tokens": 503,
        },
    }


def test_everything_a_reply_can_hold_is_what_the_sdk_knows(sdk_message: Callable[[object], Any]) -> None:
    citation = Citation(url="https://a.example", title="A", quote="q")
    message = sdk_message(
        reply(
            Reasoning(text="Hm.", signature="S", origin="gemini"),
            Reasoning(signature="R", origin="openai-responses", redacted=True),
            Text(text="So.", citations=[citation]),
            Declined(text="Not that."),
            ToolCall(id="call_1", name="f", arguments='{"a":1}', signature="G", origin="gemini"),
            finish="tool_calls",
            service_tier="priority",
            tokens=Tokens(input_uncached=1, input_audio=2, input_image=3, output=9, output_reasoning=4),
        )
    )
    assert [block.type for block in message.content] == [
        "thinking",
        "redacted_thinking",
        "text",
        "text",
        "redacted_thinking",
        "tool_use",
    ]
    assert (message.usage.input_tokens, message.usage.output_tokens_details.thinking_tokens) == (6, 4)
    assert message.usage.service_tier == "priority"


def test_the_signature_of_a_call_stands_directly_before_it() -> None:
    call = ToolCall(id="call_1", name="f", arguments='{"a":1}', signature="G+=", origin="gemini")
    assert reply(Text(text="a"), call)["content"][1:] == [
        {"type": "redacted_thinking", "data": "gw1.gemini.G+="},
        {"type": "tool_use", "id": "call_1", "name": "f", "input": {"a": 1}},
    ]


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (
            Reasoning(text="t", signature="S", origin="bedrock-converse"),
            {"type": "thinking", "thinking": "t", "signature": "gw1.bedrock-converse.S"},
        ),
        (
            Reasoning(text="t", signature="S", origin="anthropic-messages"),
            {"type": "thinking", "thinking": "t", "signature": "S"},
        ),
        (Reasoning(text="t"), {"type": "thinking", "thinking": "t", "signature": "gw1.none."}),
    ],
)
def test_thoughts_carry_a_signature_that_tells_its_maker(part: Part, block: object) -> None:
    assert reply(part)["content"] == [block]


@pytest.mark.parametrize(
    "part", [Text(text=""), Reasoning(), Reasoning(redacted=True), Declined(text=""), Audio(data="", format="wav")]
)
def test_what_says_nothing_makes_no_block(part: Part) -> None:
    assert reply(part)["content"] == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"a": {"b": [1, 2.5, null]}}', {"a": {"b": [1, 2.5, None]}}),
        ("", {}),
        (" ", {}),
        ('{"city": "Bern", "zo', {"city": "Bern"}),
        ("[1]", {"arguments": "[1]"}),
        ("free text", {"arguments": "free text"}),
    ],
)
def test_the_input_of_a_call_is_always_an_object(arguments: str, expected: object) -> None:
    assert reply(ToolCall(id="c", name="f", arguments=arguments))["content"][0]["input"] == expected


@pytest.mark.parametrize(
    ("finish", "calls", "expected"),
    [
        ("stop", False, "end_turn"),
        ("stop", True, "tool_use"),
        ("tool_calls", True, "tool_use"),
        ("length", True, "max_tokens"),
        ("length", False, "max_tokens"),
        ("stop_sequence", False, "stop_sequence"),
        ("content_filter", False, "refusal"),
        ("refusal", False, "refusal"),
        ("pause", False, "pause_turn"),
    ],
)
def test_every_end_has_a_stop_reason(finish: Finish, calls: bool, expected: str) -> None:
    parts: list[Part] = [ToolCall(id="c", name="f", arguments="{}")] if calls else [Text(text="x")]
    assert reply(*parts, finish=finish)["stop_reason"] == expected


def test_a_tier_that_anthropic_does_not_know_is_not_told() -> None:
    assert "service_tier" not in reply(service_tier="flex")["usage"]


def test_a_message_of_a_like_provider_keeps_its_id() -> None:
    assert reply(id="msg_bdrk_1")["id"] == "msg_bdrk_1"


def test_an_answer_without_a_choice_is_an_empty_message(sdk_message: Callable[[object], Any]) -> None:
    body = json.loads(write_reply(Answer(choices=[], usage=Usage()), Tokens(), {"model": "asked"}, CALL_ID))
    assert sdk_message(body).model == "asked"


def test_a_count_is_one_number() -> None:
    assert json.loads(count_reply(2095)) == {"input_tokens": 2095}


def test_a_count_is_what_the_sdk_knows(sdk: Any) -> None:
    counted = sdk.types.MessageTokensCount.model_validate_json(count_reply(7), strict=True)
    assert (counted.input_tokens, counted.model_extra) == (7, {})
