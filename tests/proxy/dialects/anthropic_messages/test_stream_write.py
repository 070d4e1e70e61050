"""Streams as apps that speak Messages get them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatewatch.call import Tokens
from proxy.canonical.answer import Usage
from proxy.canonical.events import (
    ArgumentsAdded,
    Cited,
    DeclinedAdded,
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
from proxy.canonical.parts import Citation
from proxy.dialects.anthropic_messages.stream_read import MessagesReader
from proxy.dialects.anthropic_messages.stream_write import MessagesWriter

CALL_ID = "0190b5a0-1111-7000-8000-000000000001"
TOKENS = Tokens(input_uncached=10, input_cache_read=5, input_cache_write_1h=3, output=7, output_reasoning=2)
OWN = "anthropic-messages"


def written(*events: Event, tokens: Tokens = TOKENS) -> bytes:
    writer = MessagesWriter({"model": "claude-sonnet-4-5"}, CALL_ID)
    return b"".join(writer.write([event]) for event in events) + writer.end(tokens)


def test_a_text_is_told_frame_by_frame_as_the_documentation_shows_it() -> None:
    # platform.claude.com/docs/en/build-with-claude/streaming, "Basic streaming request"
    writer = MessagesWriter({"model": "asked"}, CALL_ID)
    first = writer.write(
        [Started(id="msg_1nZdL29", model="claude-opus-4-1", usage=Usage(tokens=Tokens(input_uncached=25)))]
    )
    assert first == (
        b'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1nZdL29","type":"message",'
        b'"role":"assistant","model":"claude-opus-4-1","content":[],"stop_reason":null,"stop_sequence":null,'
        b'"usage":{"input_tokens":25,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,'
        b'"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"output_tokens":0}}}\n\n'
    )
    assert writer.write([TextAdded(text="Hello")]) == (
        b'event: content_block_start\ndata: {"type":"content_block_start","index":0,'
        b'"content_block":{"type":"text","text":""}}\n\n'
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
        b'"delta":{"type":"text_delta","text":"Hello"}}\n\n'
    )
    assert writer.write([TextAdded(text="!")]) == (
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
        b'"delta":{"type":"text_delta","text":"!"}}\n\n'
    )
    assert writer.write([Finished(reason="stop")]) == (
        b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
    )
    assert writer.end(Tokens(input_uncached=25, output=15)) == (
        b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},'
        b'"usage":{"input_tokens":25,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":15}}\n\n'
        b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
    )


def test_parallel_tool_calls_may_be_open_side_by_side(tell: Callable[[bytes], dict[str, Any]]) -> None:
    message = tell(
        written(
            TextAdded(text="Looking."),
            ToolCalled(id="toolu_1", name="weather", tool=0),
            ToolCalled(id="toolu_2", name="time", tool=1),
            ArgumentsAdded(text='{"city"', tool=0),
            ArgumentsAdded(text='{"zone":', tool=1),
            ArgumentsAdded(text=':"Bern"}', tool=0),
            PartEnded(tool=0),
            ArgumentsAdded(text='"CET"}', tool=1),
            Finished(reason="tool_calls"),
        )
    )
    assert message["content"] == [
        {"type": "text", "text": "Looking."},
        {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Bern"}},
        {"type": "tool_use", "id": "toolu_2", "name": "time", "input": {"zone": "CET"}},
    ]
    assert message["stop_reason"] == "tool_use"


def test_a_call_that_is_whole_ends_before_the_next_begins() -> None:
    """platform.claude.com/docs/en/build-with-claude/streaming: "a series of content blocks". OpenAI's streams do not
    say where a call ends."""
    stream = written(
        ToolCalled(id="toolu_1", name="weather", tool=0),
        ArgumentsAdded(text='{"where":{"city":"Bern"', tool=0),
        ArgumentsAdded(text="}}", tool=0),
        ToolCalled(id="toolu_2", name="time", tool=1),
        ArgumentsAdded(text="{}", tool=1),
        Finished(reason="tool_calls"),
    )
    blocks = [line for line in stream.decode().splitlines() if line.startswith("event: content_block_st")]
    assert blocks == ["event: content_block_start", "event: content_block_stop"] * 2


def test_calls_whose_arguments_hold_code_do_not_overlap() -> None:
    code = json.dumps({"command": 'if (x) { print("}}")'})
    stream = written(
        ToolCalled(id="toolu_1", name="run", tool=0),
        *(ArgumentsAdded(text=letter, tool=0) for letter in code),
        ToolCalled(id="toolu_2", name="run", tool=1),
        ArgumentsAdded(text=code, tool=1),
        ToolCalled(id="toolu_3", name="run", tool=2),
        ArgumentsAdded(text=code, tool=2),
        Finished(reason="tool_calls"),
    )
    blocks = [line for line in stream.decode().splitlines() if line.startswith("event: content_block_st")]
    assert blocks == ["event: content_block_start", "event: content_block_stop"] * 3


def test_a_reply_with_calls_ends_for_them_whatever_the_provider_called_its_end(tell: Callable[[bytes], Any]) -> None:
    assert tell(written(ToolCalled(id="a", name="f", tool=0), Finished(reason="stop")))["stop_reason"] == "tool_use"
    assert tell(written(ToolCalled(id="a", name="f", tool=0), Finished(reason="length")))["stop_reason"] == "max_tokens"


def test_the_usage_is_the_ledgers_and_excludes_the_cache(tell: Callable[[bytes], Any]) -> None:
    stream = written(TextAdded(text="a"), UsageSeen(usage=Usage(searches=2)), Finished(reason="stop"))
    assert tell(stream)["usage"] == {
        "input_tokens": 10,
        "cache_creation_input_tokens": 3,
        "cache_read_input_tokens": 5,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 3},
        "output_tokens": 7,
        "output_tokens_details": {"thinking_tokens": 2},
        "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 0},
    }


@pytest.mark.parametrize(
    ("signed", "block"),
    [
        (
            ReasoningSigned(signature="EqQB", origin=OWN),
            {"type": "thinking", "thinking": "Hm. So.", "signature": "EqQB"},
        ),
        (
            ReasoningSigned(signature="s+g=", origin="gemini"),
            {"type": "thinking", "thinking": "Hm. So.", "signature": "gw1.gemini.s+g="},
        ),
        (PartEnded(), {"type": "thinking", "thinking": "Hm. So.", "signature": "gw1.none."}),
        (
            ReasoningSigned(signature=None, origin="openai-chat"),
            {"type": "thinking", "thinking": "Hm. So.", "signature": "gw1.none."},
        ),
    ],
)
def test_thoughts_carry_a_signature_that_tells_its_maker(
    signed: Event, block: object, tell: Callable[[bytes], Any]
) -> None:
    message = tell(written(ReasoningAdded(text="Hm. "), ReasoningAdded(text="So."), signed, TextAdded(text="4")))
    assert message["content"] == [block, {"type": "text", "text": "4"}]


def test_encrypted_thoughts_are_redacted_blocks(tell: Callable[[bytes], Any]) -> None:
    signed = ReasoningSigned(signature="gAAA", origin="openai-responses", redacted=True)
    assert tell(written(signed))["content"] == [{"type": "redacted_thinking", "data": "gw1.openai-responses.gAAA"}]


def test_a_signature_without_words_is_a_thought_without_words(tell: Callable[[bytes], Any]) -> None:
    message = tell(written(ReasoningSigned(signature="EqQB", origin=OWN), TextAdded(text="4")))
    assert message["content"][0] == {"type": "thinking", "thinking": "", "signature": "EqQB"}


def test_the_signature_of_a_call_stands_directly_before_it(tell: Callable[[bytes], Any]) -> None:
    message = tell(written(ToolCalled(id="c", name="f", tool=0, signature="Cxyz", origin="gemini")))
    assert message["content"] == [
        {"type": "redacted_thinking", "data": "gw1.gemini.Cxyz"},
        {"type": "tool_use", "id": "c", "name": "f", "input": {}},
    ]


def test_citations_belong_to_their_text_even_after_its_end(tell: Callable[[bytes], Any]) -> None:
    cited = Cited(citation=Citation(url="https://a.example/x", title="X", quote="so it is"))
    message = tell(written(TextAdded(text="It is."), PartEnded(), cited, TextAdded(text="Next.")))
    citation = {
        "type": "web_search_result_location",
        "cited_text": "so it is",
        "encrypted_index": "gw1.citation.",
        "title": "X",
        "url": "https://a.example/x",
    }
    assert message["content"] == [
        {"type": "text", "text": "It is.", "citations": [citation]},
        {"type": "text", "text": "Next."},
    ]


def test_a_citation_without_a_text_is_not_told(tell: Callable[[bytes], Any]) -> None:
    assert tell(written(Cited(citation=Citation(url="https://a.example"))))["content"] == []


def test_a_refusal_is_text_and_its_own_end(tell: Callable[[bytes], Any]) -> None:
    message = tell(written(DeclinedAdded(text="I can"), DeclinedAdded(text="not."), Finished(reason="refusal")))
    assert (message["content"], message["stop_reason"]) == ([{"type": "text", "text": "I cannot."}], "refusal")


def test_only_the_first_choice_is_told(tell: Callable[[bytes], Any]) -> None:
    message = tell(
        written(
            TextAdded(text="one"),
            TextAdded(text="two", choice=1),
            ToolCalled(id="x", name="f", tool=0, choice=1),
            ArgumentsAdded(text="{}", tool=0, choice=1),
            Finished(reason="length", choice=1),
            Finished(reason="stop_sequence", stop_sequence="END"),
        )
    )
    assert message["content"] == [{"type": "text", "text": "one"}]
    assert (message["stop_reason"], message["stop_sequence"]) == ("stop_sequence", "END")


def test_a_stream_without_a_word_is_whole(tell: Callable[[bytes], Any]) -> None:
    message = tell(written())
    assert message["id"] == "msg_0190b5a0111170008000000000000001"
    assert (message["model"], message["content"], message["stop_reason"]) == ("claude-sonnet-4-5", [], "end_turn")


def test_what_is_empty_makes_no_block(tell: Callable[[bytes], Any]) -> None:
    assert tell(written(TextAdded(text=""), ReasoningAdded(text=""), PartEnded(), PartEnded(tool=4)))["content"] == []


def test_arguments_of_a_call_that_never_began_are_not_told(tell: Callable[[bytes], Any]) -> None:
    assert tell(written(ArgumentsAdded(text="{}", tool=3)))["content"] == []


words = st.text(min_size=1, max_size=12)
json_objects = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=8) | st.none(), max_size=3)
signatures = st.text("abcABC123+/=", min_size=1, max_size=10)
parts: st.SearchStrategy[tuple[Any, ...]] = st.one_of(
    st.tuples(st.just("text"), words),
    st.tuples(st.just("thinking"), words, signatures),
    st.tuples(st.just("redacted"), signatures),
    st.tuples(st.just("calls"), st.lists(json_objects, min_size=1, max_size=3)),
)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[list[Event], list[dict[str, Any]]]:
    """The events of a reply in any chunking, and the blocks that it must come to."""
    events: list[Event] = []
    blocks: list[dict[str, Any]] = []
    tools = 0
    for part in draw(st.lists(parts, max_size=6)):
        if part[0] == "text":
            events += [TextAdded(text=chunk) for chunk in chunks(draw, part[1])]
            events.append(PartEnded())
            blocks.append({"type": "text", "text": part[1]})
        elif part[0] == "thinking":
            events += [ReasoningAdded(text=chunk) for chunk in chunks(draw, part[1])]
            events.append(ReasoningSigned(signature=part[2], origin=OWN))
            blocks.append({"type": "thinking", "thinking": part[1], "signature": part[2]})
        elif part[0] == "redacted":
            events.append(ReasoningSigned(signature=part[1], origin=OWN, redacted=True))
            blocks.append({"type": "redacted_thinking", "data": part[1]})
        else:
            deltas: list[Event] = []
            for given_ in part[1]:
                events.append(ToolCalled(id=f"toolu_{tools}", name="f", tool=tools))
                deltas += [ArgumentsAdded(text=chunk, tool=tools) for chunk in chunks(draw, json.dumps(given_))]
                blocks.append({"type": "tool_use", "id": f"toolu_{tools}", "name": "f", "input": given_})
                tools += 1
            events += interleaved(draw, deltas)
            events += [PartEnded(tool=tools - each - 1) for each in range(len(part[1]))]
    return [Started(), *events, Finished(reason="tool_calls" if tools else "stop")], blocks


def chunks(draw: st.DrawFn, text: str) -> list[str]:
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=3)))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def interleaved(draw: st.DrawFn, deltas: list[Event]) -> list[Event]:
    """In any order that keeps each call's own."""
    rows: dict[int, list[Event]] = {}
    for delta in deltas:
        assert isinstance(delta, ArgumentsAdded)
        rows.setdefault(delta.tool, []).append(delta)
    mixed: list[Event] = []
    while rows:
        tool = draw(st.sampled_from(sorted(rows)))
        mixed.append(rows[tool].pop(0))
        if not rows[tool]:
            del rows[tool]
    return mixed


@given(conversations())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_reply_in_any_chunking_is_told_whole(tell: Callable[[bytes], Any], reply: Any) -> None:
    events, blocks = reply
    assert tell(written(*events))["content"] == blocks


@given(conversations())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_reply_is_what_the_sdk_makes_of_it(sdk_stream: Callable[[bytes], Any], reply: Any) -> None:
    events, blocks = reply
    message = sdk_stream(written(*events))
    assert [block.model_dump(exclude_none=True) for block in message.content] == blocks
    assert (message.usage.input_tokens, message.usage.cache_read_input_tokens) == (10, 5)
    assert (message.usage.cache_creation_input_tokens, message.usage.output_tokens) == (3, 7)


@given(conversations())
@settings(max_examples=60, deadline=None)
def test_any_reply_survives_writing_and_reading(reply: Any) -> None:
    events, blocks = reply
    reader = MessagesReader()
    read: list[Event] = []
    for frame in written(*events).split(b"\n\n")[:-1]:
        read += reader.read(frame.split(b"\ndata: ")[1])
    assert told(read) == blocks


def told(events: list[Event]) -> list[dict[str, Any]]:
    """The blocks that events come to."""
    blocks: list[dict[str, Any]] = []
    calls: dict[int, dict[str, Any]] = {}
    said = ""
    for event in events:
        if isinstance(event, TextAdded | ReasoningAdded):
            said += event.text
        elif isinstance(event, PartEnded) and event.tool is None:
            blocks.append({"type": "text", "text": said})
            said = ""
        elif isinstance(event, ReasoningSigned):
            blocks.append(
                {"type": "redacted_thinking", "data": event.signature}
                if event.redacted
                else {"type": "thinking", "thinking": said, "signature": event.signature}
            )
            said = ""
        elif isinstance(event, ToolCalled):
            calls[event.tool] = {"type": "tool_use", "id": event.id, "name": event.name, "input": ""}
            blocks.append(calls[event.tool])
        elif isinstance(event, ArgumentsAdded):
            calls[event.tool]["input"] += event.text
    for call in calls.values():
        call["input"] = json.loads(call["input"])
    return blocks
