"""Both sides of Messages together: what the gateway takes from this dialect, and what it gives to it."""

import json
from typing import Any

import pytest

from gatewatch.call import Tokens
from proxy.canonical.losses import Losses
from proxy.dialects.anthropic_messages import CALLER, COUNTING_CALLER, PROVIDER, count_reply
from proxy.dialects.dialect import Destination
from proxy.refusal import Refusal

CALL_ID = "0190b5a0-1111-7000-8000-000000000001"
TO = Destination(provider="claude", model="claude-sonnet-4-5")


def test_how_the_provider_is_reached() -> None:
    assert PROVIDER.name == CALLER.name == "anthropic-messages"
    assert PROVIDER.endpoints == {"messages", "count_tokens"}
    assert PROVIDER.path("messages", "m", True) == PROVIDER.path("chat", "m", False) == "/v1/messages"
    assert PROVIDER.path("count_tokens", "m", False) == "/v1/messages/count_tokens"
    assert PROVIDER.headers == {"anthropic-version": "2023-06-01"}
    assert PROVIDER.key_header == "x-api-key"
    assert PROVIDER.passed_headers == (b"anthropic-version", b"anthropic-beta")


def test_a_count_needs_no_max_tokens_and_a_message_does() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    assert COUNTING_CALLER.read(body).turns
    with pytest.raises(Refusal) as raised:
        CALLER.read(body)
    assert (raised.value.status, raised.value.param) == (400, "max_tokens")
    assert json.loads(count_reply(3)) == {"input_tokens": 3}


REQUESTS: list[dict[str, Any]] = [
    {"messages": [{"role": "user", "content": "hi"}]},
    {
        "system": [{"type": "text", "text": "S", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "look"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}},
                    {"type": "image", "source": {"type": "url", "url": "https://i.example"}},
                    {
                        "type": "document",
                        "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
                        "title": "T",
                        "context": "C",
                        "citations": {"enabled": True},
                        "cache_control": {"type": "ephemeral"},
                    },
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Hm", "signature": "EqQB"},
                    {"type": "redacted_thinking", "data": "Emwk"},
                    {"type": "text", "text": "I call."},
                    {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": [1.5, None]}},
                    {"type": "tool_use", "id": "toolu_2", "name": "f", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_1", "content": "no", "is_error": True},
                    {
                        "type": "tool_result",
                        "tool_use_id": "toolu_2",
                        "content": [
                            {"type": "text", "text": "a"},
                            {"type": "image", "source": {"type": "url", "url": "https://j.example"}},
                        ],
                    },
                    {"type": "text", "text": "and now?"},
                ],
            },
        ],
        "tools": [
            {
                "name": "f",
                "description": "d",
                "input_schema": {"type": "object", "properties": {}, "additionalProperties": False},
                "strict": True,
                "cache_control": {"type": "ephemeral", "ttl": "5m"},
            }
        ],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        "thinking": {"type": "enabled", "budget_tokens": 2048, "display": "omitted"},
        "stop_sequences": ["END"],
        "metadata": {"user_id": "u"},
        "service_tier": "standard_only",
        "top_p": 0.96,
        "stream": True,
        "output_config": {
            "format": {"type": "json_schema", "schema": {"type": "object", "additionalProperties": False}}
        },
    },
    {
        "messages": [{"role": "user", "content": "hi"}],
        "temperature": 0.25,
        "top_k": 4,
        "tools": [{"name": "f", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "tool", "name": "f"},
    },
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_through_the_canonical_form_is_the_same_request(request_: dict[str, Any]) -> None:
    body = {"model": "claude-sonnet-4-5", "max_tokens": 4096} | request_
    assert json.loads(PROVIDER.write(CALLER.read(body), TO, Losses("p", names=CALLER.names))) == body


def test_a_reply_through_the_canonical_form_is_the_same_reply() -> None:
    reply = {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5",
        "content": [
            {"type": "thinking", "thinking": "Hm", "signature": "EqQB"},
            {"type": "redacted_thinking", "data": "Emwk"},
            {
                "type": "text",
                "text": "So.",
                "citations": [
                    {
                        "type": "char_location",
                        "cited_text": "c",
                        "document_index": 0,
                        "document_title": None,
                        "start_char_index": 0,
                        "end_char_index": 1,
                    }
                ],
            },
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 5,
            "cache_creation_input_tokens": 3,
            "cache_read_input_tokens": 2,
            "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 2},
            "output_tokens": 9,
            "output_tokens_details": {"thinking_tokens": 4},
            "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0},
            "service_tier": "standard",
        },
    }
    answer = PROVIDER.read(json.dumps(reply).encode())
    assert answer.usage.tokens
    assert json.loads(CALLER.write(answer, answer.usage.tokens, {"model": "alias"}, CALL_ID)) == reply


def test_a_stream_is_read_and_written() -> None:
    writer, reader = CALLER.writer({"model": "m"}, CALL_ID), PROVIDER.reader()
    events = reader.read(b'{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"a"}}')
    assert b'"text_delta","text":"a"' in writer.write(events)
    assert writer.end(Tokens()).endswith(b'{"type":"message_stop"}\n\n')
    assert reader.closed() == []


def test_errors_go_both_ways() -> None:
    said = CALLER.error(Refusal(429, "rate_limit_exceeded", "Slower."), CALL_ID)
    error = PROVIDER.read_error(429, said)
    assert (error.type, error.message, error.code) == ("rate_limit_error", "Slower.", "rate_limit_exceeded")
    event = CALLER.error_event(Refusal(502, "upstream_truncated", "Cut."), CALL_ID)
    assert event.startswith(b"event: error\ndata: ")


def test_a_request_passes_as_it_is() -> None:
    body = {"model": "alias", "messages": [], "novelty": 1}
    assert json.loads(PROVIDER.forward(body, TO, False, Losses("p"))) == body | {"model": "claude-sonnet-4-5"}
