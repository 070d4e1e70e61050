"""Streams of Anthropic, by the examples of platform.claude.com/docs/en/build-with-claude/streaming."""

import json
from typing import Any

import pytest

from gatewatch.call import Tokens
from proxy.canonical.answer import Usage
from proxy.canonical.events import (
    ArgumentsAdded,
    Cited,
    DeclinedAdded,
    Ended,
    Event,
    Finished,
    PartEnded,
    ReasoningAdded,
    ReasoningSigned,
    Started,
    TextAdded,
    ToolCalled,
    UsageSeen,
)
from proxy.dialects.anthropic_messages.stream_read import MessagesReader
from proxy.dialects.provider_error import NotThisDialect, ProviderError

OWN = "anthropic-messages"
START = """{"type": "message_start", "message": {"id": "msg_014p7gG3wDgGV9EUtLvnow3U", "type": "message", "role":
 "assistant", "model": "claude-opus-4-1-20250805", "stop_sequence": null, "usage": {"input_tokens": 472,
 "output_tokens": 2, "service_tier": "standard"}, "content": [], "stop_reason": null}}"""


def read(*payloads: str | dict[str, Any]) -> list[Event]:
    reader = MessagesReader()
    events: list[Event] = []
    for payload in payloads:
        events += reader.read((payload if isinstance(payload, str) else json.dumps(payload)).encode())
    return events


def test_the_documented_stream_with_a_tool_call() -> None:
    usage = {"input_tokens": 472, "output_tokens": 2, "service_tier": "standard"}
    assert read(
        START,
        '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
        '{"type": "ping"}',
        '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Okay"}}',
        '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":","}}',
        '{"type":"content_block_stop","index":0}',
        """{"type":"content_block_start","index":1,"content_block":{"type":"tool_use",
        "id":"toolu_01T1x1fJ34qAmk2tNTrN7Up6","name":"get_weather","input":{}}}""",
        '{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}',
        '{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\\"location\\":"}}',
        '{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":" \\"Paris\\"}"}}',
        '{"type":"content_block_stop","index":1}',
        '{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":89}}',
        '{"type":"message_stop"}',
    ) == [
        Started(
            id="msg_014p7gG3wDgGV9EUtLvnow3U",
            model="claude-opus-4-1-20250805",
            service_tier="standard",
            usage=Usage(raw=usage, tokens=Tokens(input_uncached=472, output=2)),
        ),
        TextAdded(text="Okay"),
        TextAdded(text=","),
        PartEnded(),
        ToolCalled(id="toolu_01T1x1fJ34qAmk2tNTrN7Up6", name="get_weather", tool=0),
        ArgumentsAdded(text='{"location":', tool=0),
        ArgumentsAdded(text=' "Paris"}', tool=0),
        PartEnded(tool=0),
        Finished(reason="tool_calls"),
        UsageSeen(usage=Usage(raw=usage | {"output_tokens": 89}, tokens=Tokens(input_uncached=472, output=89))),
        Ended(),
    ]


def test_thinking_ends_with_its_signature() -> None:
    assert read(
        """{"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "",
        "signature": ""}}""",
        """{"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta",
        "thinking": "I need to find the GCD"}}""",
        """{"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta",
        "signature": "EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pk="}}""",
        '{"type": "content_block_stop", "index": 0}',
        '{"type": "content_block_start", "index": 1, "content_block": {"type": "redacted_thinking", "data": "Emwk"}}',
        '{"type": "content_block_stop", "index": 1}',
    ) == [
        ReasoningAdded(text="I need to find the GCD"),
        ReasoningSigned(signature="EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pk=", origin=OWN),
        ReasoningSigned(signature="Emwk", origin=OWN, redacted=True),
    ]


def test_thinking_of_an_imitator_may_have_no_signature() -> None:
    assert read(
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "H"}},
        {"type": "content_block_stop", "index": 0},
    ) == [ReasoningAdded(text="H"), PartEnded()]


def test_tools_that_anthropic_runs_are_skipped_with_their_deltas() -> None:
    # "Streaming request with web search tool use"
    assert read(
        """{"type":"content_block_start","index":1,"content_block":{"type":"server_tool_use",
        "id":"srvtoolu_014hJH82Qum7Td6UV8gDXThB","name":"web_search","input":{}}}""",
        '{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\\"query"}}',
        '{"type":"content_block_stop","index":1 }',
        """{"type":"content_block_start","index":2,"content_block":{"type":"web_search_tool_result",
        "tool_use_id":"srvtoolu_014hJH82Qum7Td6UV8gDXThB","content":[{"type":"web_search_result","title":"W",
        "url":"https://w.example","encrypted_content":"Ev0D","page_age":null}]}}""",
        '{"type":"content_block_stop","index":2}',
        '{"type":"content_block_start","index":3,"content_block":{"type":"text","text":"","citations":[]}}',
        """{"type":"content_block_delta","index":3,"delta":{"type":"citations_delta","citation":{
        "type":"web_search_result_location","cited_text":"rain","url":"https://w.example","title":"W",
        "encrypted_index":"Eo8B"}}}""",
        '{"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"Rain."}}',
    )[1:] == [TextAdded(text="Rain.")]


def test_a_citation_belongs_to_the_open_text() -> None:
    native = {
        "type": "char_location",
        "cited_text": "grass is green",
        "document_index": 0,
        "document_title": "D",
        "start_char_index": 0,
        "end_char_index": 14,
    }
    (event,) = read(
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": native}},
    )
    assert isinstance(event, Cited)
    assert (event.citation.quote, event.citation.title, event.citation.document) == ("grass is green", "D", 0)
    assert event.citation.native == native


def test_calls_are_counted_whatever_stands_between_them() -> None:
    call = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
    events = read(
        {"type": "content_block_start", "index": 0, "content_block": call},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": "x"}},
        {"type": "content_block_start", "index": 2, "content_block": call},
        {
            "type": "content_block_delta",
            "index": 2,
            "delta": {"type": "input_json_delta", "partial_json": '{"a":1}'},
        },
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_stop", "index": 2},
    )
    assert events == [
        ToolCalled(id="t", name="f", tool=0),
        TextAdded(text="x"),
        ToolCalled(id="t", name="f", tool=1),
        ArgumentsAdded(text='{"a":1}', tool=1),
        ArgumentsAdded(text="{}", tool=0),
        PartEnded(tool=0),
        PartEnded(tool=1),
    ]


def test_an_imitator_may_say_the_arguments_at_once() -> None:
    assert read(
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}},
        },
        {"type": "content_block_stop", "index": 0},
    ) == [
        ToolCalled(id="t", name="f", tool=0),
        ArgumentsAdded(text='{"a":1}', tool=0),
        PartEnded(tool=0),
    ]


@pytest.mark.parametrize(
    ("stop_reason", "finish"),
    [
        ("end_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("stop_sequence", "stop_sequence"),
        ("tool_use", "tool_calls"),
        ("pause_turn", "pause"),
        ("refusal", "refusal"),
        ("something_new", "stop"),
    ],
)
def test_every_stop_reason_is_understood(stop_reason: str, finish: Any) -> None:
    delta = {"stop_reason": stop_reason, "stop_sequence": "END"}
    assert read({"type": "message_delta", "delta": delta}) == [Finished(reason=finish, stop_sequence="END")]


def test_a_refusal_says_why() -> None:
    delta = {"stop_reason": "refusal", "stop_details": {"type": "refusal", "category": "bio", "explanation": "No."}}
    assert read({"type": "message_delta", "delta": delta}) == [DeclinedAdded(text="No."), Finished(reason="refusal")]


def usage_after(at_start: dict[str, Any], at_end: dict[str, Any]) -> Tokens | None:
    events = read({"type": "message_start", "message": {"usage": at_start}}, {"type": "message_delta", "usage": at_end})
    assert isinstance(events[-1], UsageSeen)
    return events[-1].usage.tokens


def test_the_last_word_on_each_count_counts_and_null_is_no_word() -> None:
    start = {"input_tokens": 10, "cache_read_input_tokens": 4, "output_tokens": 1}
    assert usage_after(start, {"input_tokens": 12, "cache_read_input_tokens": None, "output_tokens": 9}) == Tokens(
        input_uncached=12, input_cache_read=4, output=9
    )


@pytest.mark.parametrize(
    ("short", "long", "total", "expected"),
    [(5, 3, 8, (5, 3)), (5, 0, 9, (9, 0)), (0, 5, 9, (0, 9)), (5, 3, 20, (17, 3)), (5, 3, 2, (0, 2))],
)
def test_cache_writes_may_grow_until_the_end(short: int, long: int, total: int, expected: tuple[int, int]) -> None:
    kinds = {"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": long}
    start = {
        "input_tokens": 1,
        "output_tokens": 1,
        "cache_creation_input_tokens": short + long,
        "cache_creation": kinds,
    }
    tokens = usage_after(start, {"output_tokens": 2, "cache_creation_input_tokens": total})
    assert tokens
    assert (tokens.input_cache_write_5m, tokens.input_cache_write_1h) == expected


def test_searches_are_counted() -> None:
    usage = {"input_tokens": 1, "output_tokens": 1, "server_tool_use": {"web_search_requests": 3}}
    (event,) = read({"type": "message_delta", "usage": usage})
    assert isinstance(event, UsageSeen)
    assert event.usage.searches == 3


def test_an_error_event_is_an_error_with_the_status_of_its_type() -> None:
    # "Error events"
    with pytest.raises(ProviderError, match="Overloaded") as raised:
        read('{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}')
    assert (raised.value.status, raised.value.type) == (529, "overloaded_error")


@pytest.mark.parametrize(
    "payload",
    [
        '{"type":"content_block_delta","index":0,"delta":{"type":"something_new","text":{"of":"us"}}}',
        '{"type":"content_block_start","index":0,"content_block":{"type":"hologram","data":{"x":1},"text":7}}',
        '{"type":"content_block_delta","index":9,"delta":{"type":"text_delta","text":"of no block"}}',
        '{"type":"content_block_stop","index":9}',
        '{"type":"content_block_start","index":0}',
        '{"type":"content_block_delta","index":0}',
        '{"type":"message_delta","usage":null}',
        '{"type":"status","index":"first","message":"whatever"}',
        '{"type":"ping","extra":{"deep":[1]}}',
    ],
)
def test_what_is_not_known_is_skipped(payload: str) -> None:
    assert read(payload) == []


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "{",
        "[]",
        '"text"',
        "{}",
        '{"type": 7}',
        '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":7}}',
        '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":7}}',
        '{"type":"content_block_delta","index":0,"delta":[]}',
        '{"type":"content_block_stop","index":"0"}',
    ],
)
def test_what_is_malformed_is_not_this_dialect(payload: str) -> None:
    with pytest.raises(NotThisDialect):
        read(payload)


def test_bytes_that_are_no_text_are_not_this_dialect() -> None:
    with pytest.raises(NotThisDialect):
        MessagesReader().read(b'{"type":"ping\xff"}')


def test_a_stream_that_closes_without_message_stop_is_cut() -> None:
    assert MessagesReader().closed() == []
