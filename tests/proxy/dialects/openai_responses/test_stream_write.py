"""What the official client accumulates of a stream is what was written, however its bytes are cut.

The client is openai's own (openai/lib/streaming/responses); events are held against its types to the letter.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import httpx2
import openai
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.responses import Response, ResponseStreamEvent

from gatewatch.call import Tokens
from proxy.canonical.answer import TokenLogprob, Usage
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
from proxy.dialects.openai_responses.stream_write import StreamWriter
from tests.kit.strict_types import assert_fits

CALL_ID = "01939d0a-7e1c-7000-8000-000000000001"
BODY = {
    "model": "fast",
    "input": "hi",
    "stream": True,
    "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True}],
}
TOKENS = Tokens(input_uncached=3, input_cache_read=2, output=4, output_reasoning=1)


def written(events: Sequence[Event]) -> bytes:
    writer = StreamWriter(BODY, CALL_ID)
    return b"".join(writer.write([event]) for event in events) + writer.end(TOKENS)


def parsed(frames: bytes) -> list[dict[str, Any]]:
    events = [json.loads(frame.partition("data: ")[2]) for frame in frames.decode().split("\n\n")[:-1]]
    for event in events:
        assert_fits(event, ResponseStreamEvent)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    return events


def accumulated(frames: bytes, cut: int = 1 << 20) -> Response:
    """What the client's own accumulation makes of the bytes, which come `cut` at a time."""

    def chunks() -> Iterator[bytes]:
        for start in range(0, len(frames), cut):
            yield frames[start : start + cut]

    def answer(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=chunks())

    with (
        httpx2.Client(transport=httpx2.MockTransport(answer)) as http,
        openai.OpenAI(api_key="k", base_url="http://gateway/v1", http_client=http, max_retries=0) as client,
        client.responses.stream(model="fast", input="hi") as stream,
    ):
        return stream.get_final_response()


def test_text() -> None:
    frames = written(
        [
            Started(id="x", model="claude", created=1700000000, service_tier="default"),
            TextAdded(text="Hel"),
            TextAdded(text="lo"),
            PartEnded(),
            Finished(reason="stop"),
        ]
    )
    assert [event["type"].removeprefix("response.") for event in parsed(frames)] == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    response = accumulated(frames)
    assert response.output_text == "Hello"
    assert (response.status, response.model, response.created_at) == ("completed", "claude", 1700000000)
    assert response.service_tier == "default"
    assert response.usage
    assert (response.usage.input_tokens, response.usage.output_tokens, response.usage.total_tokens) == (5, 4, 9)
    assert response.usage.input_tokens_details.cached_tokens == 2


def test_every_delta_leaves_at_once() -> None:
    writer = StreamWriter(BODY, CALL_ID)
    assert b"response.in_progress" in writer.write([Started()])
    for text in ("a", "b", "c"):
        assert b'"delta":"%s"' % text.encode() in writer.write([TextAdded(text=text)])


def test_calls_side_by_side() -> None:
    frames = written(
        [
            Started(),
            TextAdded(text="let me see"),
            ToolCalled(id="c1", name="f", tool=0),
            ToolCalled(id="c2", name="g", tool=1, free=True),
            ArgumentsAdded(text='{"a":', tool=0),
            ArgumentsAdded(text="te", tool=1),
            ArgumentsAdded(text="1}", tool=0),
            PartEnded(tool=1),
            PartEnded(tool=0),
            ToolCalled(id="c3", name="f", tool=2),
            Finished(reason="tool_calls"),
        ]
    )
    parsed(frames)
    message, first, second, third = accumulated(frames).output
    assert message.type == "message"
    assert first.type == "function_call"
    assert (first.call_id, first.name, first.arguments) == ("c1", "f", '{"a":1}')
    assert second.type == "custom_tool_call"
    assert (second.call_id, second.name, second.input) == ("c2", "g", "te")
    assert third.type == "function_call"
    assert third.arguments == "{}"


def test_thoughts_and_signatures_are_reasoning_items() -> None:
    frames = written(
        [
            Started(),
            ReasoningAdded(text="h"),
            ReasoningAdded(text="m"),
            ReasoningSigned(signature="sig", origin="anthropic-messages"),
            ReasoningSigned(signature="red", origin="anthropic-messages", redacted=True),
            ToolCalled(id="c1", name="f", tool=0, signature="ts", origin="gemini"),
            ToolCalled(id="c2", name="f", tool=1),
            Finished(reason="tool_calls"),
        ]
    )
    parsed(frames)
    items = accumulated(frames).output
    assert [(item.type, getattr(item, "encrypted_content", None)) for item in items] == [
        ("reasoning", "gw1.anthropic-messages.sig"),
        ("reasoning", "gw1.redacted:anthropic-messages.red"),
        ("reasoning", "gw1.call:gemini.ts"),
        ("function_call", None),
        ("function_call", None),
    ]
    assert items[0].type == "reasoning"
    assert [part.text for part in items[0].summary] == ["hm"]


def test_unsigned_thoughts_end_where_the_text_begins() -> None:
    frames = written([Started(), ReasoningAdded(text="hm"), TextAdded(text="so"), Finished(reason="stop")])
    parsed(frames)
    assert [item.type for item in accumulated(frames).output] == ["reasoning", "message"]


def test_a_citation_of_a_text_that_has_ended_still_stands_in_it() -> None:
    frames = written(
        [
            Started(),
            TextAdded(text="one"),
            PartEnded(),
            Cited(citation=Citation(url="https://x", title="X")),
            TextAdded(text="two"),
            Finished(reason="stop"),
        ]
    )
    parsed(frames)
    (message,) = accumulated(frames).output
    assert message.type == "message"
    one, two = message.content
    assert one.type == "output_text"
    assert two.type == "output_text"
    assert (one.text, len(one.annotations), two.text, len(two.annotations)) == ("one", 1, "two", 0)


def test_a_refusal_is_said_in_its_own_part() -> None:
    frames = written([Started(), DeclinedAdded(text="I "), DeclinedAdded(text="can't"), Finished(reason="refusal")])
    parsed(frames)
    response = accumulated(frames)
    assert response.status == "completed"
    assert response.output[0].type == "message"
    assert response.output[0].content[0].type == "refusal"
    assert response.output[0].content[0].refusal == "I can't"


def test_a_cut_reply_ends_incomplete() -> None:
    last = parsed(written([Started(), TextAdded(text="a"), Finished(reason="length")]))[-1]
    assert last["type"] == "response.incomplete"
    assert last["response"]["incomplete_details"] == {"reason": "max_output_tokens"}
    assert last["response"]["output"][0]["content"][0]["text"] == "a"


def test_logprobs_stand_in_the_deltas_and_in_the_whole() -> None:
    odds = [TokenLogprob(token="a", logprob=-0.5, top=[TokenLogprob(token="b", logprob=-1.5)])]
    frames = written([Started(), TextAdded(text="a", logprobs=odds), Finished(reason="stop")])
    events = parsed(frames)
    delta = next(event for event in events if event["type"] == "response.output_text.delta")
    assert delta["logprobs"] == [{"token": "a", "logprob": -0.5, "top_logprobs": [{"token": "b", "logprob": -1.5}]}]
    assert events[-1]["response"]["output"][0]["content"][0]["logprobs"][0]["bytes"] == [97]


def test_the_tier_that_is_told_at_the_end_stands_in_the_end() -> None:
    frames = written([Started(), Finished(reason="stop"), UsageSeen(usage=Usage(), service_tier="flex")])
    assert parsed(frames)[-1]["response"]["service_tier"] == "flex"


def test_a_stream_without_events_is_an_empty_response() -> None:
    frames = written([])
    assert parsed(frames)[0]["type"] == "response.created"
    assert accumulated(frames).output == []


def test_further_choices_are_skipped() -> None:
    frames = written([Started(), TextAdded(text="a"), TextAdded(text="b", choice=1), Finished(reason="stop")])
    assert accumulated(frames).output_text == "a"


_TEXTS = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=3)


def _text(said: list[str]) -> tuple[list[Event], list[Any]]:
    return [*(TextAdded(text=text) for text in said), PartEnded()], [("text", "".join(said))]


def _thoughts(drawn: tuple[list[str], bool]) -> tuple[list[Event], list[Any]]:
    said, signed = drawn
    end: Event = ReasoningSigned(signature="s", origin="gemini") if signed else PartEnded()
    return [*(ReasoningAdded(text=text) for text in said), end], [("thoughts", "".join(said), signed)]


def _calls(drawn: list[list[str]]) -> tuple[list[Event], list[Any]]:
    """Side by side: the first piece of each, then the second of each, …"""
    rounds = range(max(len(pieces) for pieces in drawn))
    pieces = [(tool, said[turn]) for turn in rounds for tool, said in enumerate(drawn) if turn < len(said)]
    events: list[Event] = [ToolCalled(id=f"{tool}", name="f", tool=tool) for tool in range(len(drawn))]
    events += [ArgumentsAdded(text=text, tool=tool) for tool, text in pieces]
    events += [PartEnded(tool=tool) for tool in range(len(drawn))]
    return events, [("call", "".join(said)) for said in drawn]


_PARTS = st.one_of(
    _TEXTS.map(_text),
    st.tuples(_TEXTS, st.booleans()).map(_thoughts),
    st.lists(_TEXTS, min_size=1, max_size=3).map(_calls),
)


def _numbered(parts: list[tuple[list[Event], list[Any]]]) -> list[Event]:
    """Tool calls are counted through the whole reply."""
    events: list[Event] = []
    before = 0
    for said, _ in parts:
        calls = [event for event in said if isinstance(event, ToolCalled)]
        for event in said:
            if isinstance(event, ToolCalled):
                events.append(ToolCalled(id=f"c{event.tool + before}", name="f", tool=event.tool + before))
            elif isinstance(event, ArgumentsAdded):
                events.append(ArgumentsAdded(text=event.text, tool=event.tool + before))
            elif isinstance(event, PartEnded) and event.tool is not None:
                events.append(PartEnded(tool=event.tool + before))
            else:
                events.append(event)
        before += len(calls)
    return events


def _seen(response: Response) -> list[Any]:
    seen: list[Any] = []
    for item in response.output:
        if item.type == "message":
            seen += [("text", part.text) for part in item.content if part.type == "output_text"]
        elif item.type == "reasoning":
            seen.append(("thoughts", item.summary[0].text, item.encrypted_content is not None))
        elif item.type == "function_call":
            seen.append(("call", item.arguments))
    return seen


@settings(max_examples=60, deadline=None)
@given(st.lists(_PARTS, max_size=5), st.integers(1, 400))
def test_any_reply_in_any_chunking_is_accumulated_as_it_was_written(
    parts: list[tuple[list[Event], list[Any]]], cut: int
) -> None:
    frames = written([Started(), *_numbered(parts), Finished(reason="stop")])
    parsed(frames)
    assert _seen(accumulated(frames, cut)) == [each for _, said in parts for each in said]
