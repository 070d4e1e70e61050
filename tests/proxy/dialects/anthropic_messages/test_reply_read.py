"""Whole replies of Anthropic, by the examples of its API reference and guides."""

import json
from typing import Any

import pytest

from gatewatch.call import Tokens
from proxy.canonical.parts import Declined, Part, Reasoning, Text, ToolCall
from proxy.dialects.anthropic_messages.reply_read import read_reply
from proxy.dialects.provider_error import NotThisDialect, ProviderError

OWN = "anthropic-messages"


def message(**fields: Any) -> bytes:
    reply: dict[str, Any] = {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "content": [],
        "model": "claude-sonnet-4-5",
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    return json.dumps(reply | fields).encode()


def parts(*blocks: dict[str, Any]) -> list[Part]:
    return read_reply(message(content=list(blocks))).choices[0].parts


def test_the_documented_reply() -> None:
    # platform.claude.com/docs/en/api/messages
    answer = read_reply(
        b"""{"content": [{"citations": null, "text": "Hi! My name is Claude.", "type": "text"}],
        "id": "msg_013Zva2CMHLNnXjNJJKqJ2EF", "model": "claude-sonnet-4-5-20250929", "role": "assistant",
        "stop_reason": "end_turn", "stop_sequence": null, "type": "message", "usage": {"cache_creation": {
        "ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0}, "cache_creation_input_tokens": 2051,
        "cache_creation": {"ephemeral_1h_input_tokens": 2051, "ephemeral_5m_input_tokens": 0},
        "cache_read_input_tokens": 2051, "input_tokens": 2095, "output_tokens": 503,
        "server_tool_use": {"web_search_requests": 4}, "service_tier": "priority"}}"""
    )
    (choice,) = answer.choices
    assert choice.parts == [Text(text="Hi! My name is Claude.")]
    assert (choice.finish, choice.stop_sequence) == ("stop", None)
    assert (answer.id, answer.model, answer.service_tier) == (
        "msg_013Zva2CMHLNnXjNJJKqJ2EF",
        "claude-sonnet-4-5-20250929",
        "priority",
    )
    assert answer.usage.searches == 4
    assert answer.usage.tokens == Tokens(
        input_uncached=2095, input_cache_read=2051, input_cache_write_1h=2051, output=503
    )


def test_thoughts_and_calls_keep_their_order_and_signatures() -> None:
    assert parts(
        {"type": "thinking", "thinking": "Hm.", "signature": "EqQB"},
        {"type": "redacted_thinking", "data": "Emwk"},
        {"type": "text", "text": "Let me see."},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": [1, None]}},
        {"type": "tool_use", "id": "toolu_2", "name": "g", "input": {}},
    ) == [
        Reasoning(text="Hm.", signature="EqQB", origin=OWN),
        Reasoning(signature="Emwk", redacted=True, origin=OWN),
        Text(text="Let me see."),
        ToolCall(id="toolu_1", name="f", arguments='{"a":[1,null]}'),
        ToolCall(id="toolu_2", name="g", arguments="{}"),
    ]


def test_a_thought_without_words_keeps_its_signature() -> None:
    # thinking.display "omitted"
    assert parts({"type": "thinking", "thinking": "", "signature": "EosB"}) == [
        Reasoning(text="", signature="EosB", origin=OWN)
    ]


def test_citations_stand_for_their_whole_block() -> None:
    # platform.claude.com/docs/en/build-with-claude/citations
    native = {
        "type": "page_location",
        "cited_text": "Water boils at 100 degrees.",
        "document_index": 1,
        "document_title": "Physics",
        "start_page_number": 5,
        "end_page_number": 6,
    }
    (part,) = parts({"type": "text", "text": "At 100.", "citations": [native, "broken"]})
    assert isinstance(part, Text)
    (citation,) = part.citations
    assert (citation.quote, citation.title, citation.document) == ("Water boils at 100 degrees.", "Physics", 1)
    assert (citation.start, citation.end, citation.native) == (0, 7, native)


def test_blocks_that_are_not_known_are_skipped() -> None:
    assert parts(
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
        {"type": "hologram", "text": {"not": "text"}},
        {"type": "text", "text": "Found."},
        {"type": "text", "text": ""},
    ) == [Text(text="Found.")]


def test_a_refusal_says_why() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "It could do harm."}
    (choice,) = read_reply(message(stop_reason="refusal", stop_details=details)).choices
    assert (choice.parts, choice.finish) == ([Declined(text="It could do harm.")], "refusal")


def test_the_stop_sequence_is_told() -> None:
    (choice,) = read_reply(message(stop_reason="stop_sequence", stop_sequence="END")).choices
    assert (choice.finish, choice.stop_sequence) == ("stop_sequence", "END")


def test_usage_that_is_not_sound_is_kept_but_not_read() -> None:
    usage = read_reply(message(usage={"input_tokens": -1, "output_tokens": 1})).usage
    assert (usage.raw, usage.tokens) == ({"input_tokens": -1, "output_tokens": 1}, None)


def test_an_error_with_status_200_is_an_error() -> None:
    with pytest.raises(ProviderError, match="Overloaded") as raised:
        read_reply(b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}')
    assert raised.value.status == 529


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"{}", b'{"content":"text"}', b'{"content":[{"type":"text","text":7}]}', b"\xff", b"<html>"],
)
def test_what_is_no_message_is_not_this_dialect(body: bytes) -> None:
    with pytest.raises(NotThisDialect):
        read_reply(body)
