"""A provider's streamed response (OpenAI API reference: streaming events of Responses), and the sandbox's."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewatch.call import Tokens
from proxy.canonical.answer import TokenLogprob
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
from proxy.canonical.parts import Citation, Reasoning, Text, ToolCall
from proxy.dialects.openai_responses.reply_read import read_reply
from proxy.dialects.openai_responses.stream_read import StreamReader
from proxy.dialects.provider_error import NotThisDialect, ProviderError
from proxy.sandbox.demands import Demands
from proxy.sandbox.prose import key_of
from proxy.sandbox.responses import ResponseAnswer
from proxy.sandbox.responses_request import ResponseAsked

USAGE = {
    "input_tokens": 36,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 87,
    "output_tokens_details": {"reasoning_tokens": 7},
    "total_tokens": 123,
}
AT: dict[str, Any] = {"item_id": "x", "output_index": 0, "content_index": 0}


def events(*frames: dict[str, Any]) -> list[Event]:
    reader = StreamReader()
    return [event for frame in frames for event in reader.read(msgspec.json.encode(frame))]


def response(**fields: Any) -> dict[str, Any]:
    return {"id": "resp_1", "created_at": 1741290958, "model": "gpt-5", "status": "completed", "output": [], **fields}


def test_text_from_its_beginning_to_its_end() -> None:
    created = response(status="in_progress", service_tier="auto", usage=None)
    done = response(service_tier="default", usage=USAGE)
    message = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    part = {"type": "output_text", "text": "", "annotations": []}
    whole = {**part, "text": "Hi you"}
    said = events(
        {"type": "response.created", "response": created, "sequence_number": 0},
        {"type": "response.in_progress", "response": created},
        {"type": "response.output_item.added", "output_index": 0, "item": message},
        {"type": "response.content_part.added", **AT, "part": part},
        {"type": "response.output_text.delta", **AT, "delta": "Hi", "logprobs": []},
        {"type": "response.output_text.delta", **AT, "delta": " you", "obfuscation": "xyz"},
        {"type": "response.output_text.done", **AT, "text": "Hi you"},
        {"type": "response.content_part.done", **AT, "part": whole},
        {"type": "response.output_item.done", "output_index": 0, "item": {**message, "content": [whole]}},
        {"type": "response.completed", "response": done},
    )
    assert said[:5] == [
        Started(id="resp_1", model="gpt-5", created=1741290958),
        TextAdded(text="Hi"),
        TextAdded(text=" you"),
        PartEnded(),
        Finished(reason="stop"),
    ]
    usage = said[5]
    assert isinstance(usage, UsageSeen)
    assert usage.usage.raw == USAGE
    assert usage.usage.tokens == Tokens(input_uncached=36, output=87, output_reasoning=7)
    assert usage.service_tier == "default"
    assert said[6:] == [Ended()]


def test_calls_side_by_side() -> None:
    first = {"id": "fc_1", "type": "function_call", "call_id": "c1", "name": "f", "arguments": ""}
    second = {"id": "ctc_1", "type": "custom_tool_call", "call_id": "c2", "name": "g", "input": ""}
    said = events(
        {"type": "response.output_item.added", "output_index": 1, "item": first},
        {"type": "response.output_item.added", "output_index": 2, "item": second},
        {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": '{"a"'},
        {"type": "response.custom_tool_call_input.delta", "output_index": 2, "delta": "te"},
        {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": ":1}"},
        {"type": "response.function_call_arguments.done", "output_index": 1, "arguments": '{"a":1}'},
        {"type": "response.output_item.done", "output_index": 1, "item": {**first, "arguments": '{"a":1}'}},
        {"type": "response.output_item.done", "output_index": 2, "item": {**second, "input": "te"}},
        {"type": "response.completed", "response": response()},
    )
    assert said[:8] == [
        ToolCalled(id="c1", name="f", tool=0),
        ToolCalled(id="c2", name="g", tool=1, free=True),
        ArgumentsAdded(text='{"a"', tool=0),
        ArgumentsAdded(text="te", tool=1),
        ArgumentsAdded(text=":1}", tool=0),
        PartEnded(tool=0),
        PartEnded(tool=1),
        Finished(reason="tool_calls"),
    ]


def test_a_call_whose_arguments_come_only_at_its_end() -> None:
    item = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
    assert events({"type": "response.output_item.done", "output_index": 0, "item": item}) == [
        ToolCalled(id="c1", name="f", tool=0),
        ArgumentsAdded(text="{}", tool=0),
        PartEnded(tool=0),
    ]


def test_thoughts_with_a_summary_in_two_parts() -> None:
    item = {"id": "rs_1", "type": "reasoning", "summary": []}
    delta = {"type": "response.reasoning_summary_text.delta", "item_id": "rs_1", "output_index": 0}
    said = events(
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.reasoning_summary_part.added", "summary_index": 0, "part": {"type": "summary_text"}},
        {**delta, "summary_index": 0, "delta": "o"},
        {**delta, "summary_index": 0, "delta": "ne"},
        {**delta, "summary_index": 1, "delta": "two"},
        {"type": "response.output_item.done", "output_index": 0, "item": {**item, "encrypted_content": "gAAAA"}},
    )
    assert said == [
        ReasoningAdded(text="o"),
        ReasoningAdded(text="ne"),
        ReasoningAdded(text="\n\ntwo"),
        ReasoningSigned(signature="gAAAA", origin="openai-responses", id="rs_1"),
    ]


def test_thoughts_that_are_not_shown() -> None:
    item = {"id": "rs_1", "type": "reasoning", "summary": []}
    done = {"type": "response.output_item.done", "output_index": 0}
    assert events({**done, "item": {**item, "encrypted_content": "gAAAA"}}) == [
        ReasoningSigned(signature="gAAAA", origin="openai-responses", redacted=True, id="rs_1")
    ]
    assert events({**done, "item": item}) == []


def test_thoughts_in_plain_text_are_told_once() -> None:
    said = events(
        {"type": "response.reasoning_text.delta", **AT, "delta": "hm"},
        {"type": "response.reasoning_summary_text.delta", **AT, "summary_index": 0, "delta": "short: hm"},
        {"type": "response.content_part.done", **AT, "part": {"type": "reasoning_text", "text": "hm"}},
        {"type": "response.output_item.done", "output_index": 0, "item": {"type": "reasoning", "summary": []}},
    )
    assert said == [ReasoningAdded(text="hm"), PartEnded()]


def test_refusals_citations_and_logprobs() -> None:
    note = {"type": "url_citation", "url": "https://x", "title": "X", "start_index": 0, "end_index": 1}
    odds = [{"token": "a", "logprob": -0.5, "top_logprobs": [{"token": "b", "logprob": -1.5}]}]
    said = events(
        {"type": "response.output_text.delta", **AT, "delta": "a", "logprobs": odds},
        {"type": "response.output_text.annotation.added", **AT, "annotation_index": 0, "annotation": note},
        {"type": "response.refusal.delta", **AT, "delta": "no"},
        {"type": "response.completed", "response": response()},
    )
    assert said[:4] == [
        TextAdded(
            text="a",
            logprobs=[TokenLogprob(token="a", logprob=-0.5, top=[TokenLogprob(token="b", logprob=-1.5)])],
        ),
        Cited(citation=Citation(url="https://x", title="X", start=0, end=1, native=note)),
        DeclinedAdded(text="no"),
        Finished(reason="refusal"),
    ]


def test_a_cut_stream_of_the_providers_own_making() -> None:
    last = response(status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    assert events({"type": "response.incomplete", "response": last})[0] == Finished(reason="length")


@pytest.mark.parametrize(
    ("frame", "code", "status"),
    [
        (
            {"type": "error", "code": "rate_limit_exceeded", "message": "slow", "param": None},
            "rate_limit_exceeded",
            429,
        ),
        ({"type": "error", "error": {"code": "server_error", "message": "slow"}}, "server_error", 500),
        ({"error": {"code": 502, "message": "slow"}}, "502", 502),
        (
            {"type": "response.failed", "response": response(status="failed", error={"code": "x", "message": "slow"})},
            "x",
            None,
        ),
        ({"type": "response.failed", "response": response(error=None, status=None)}, None, None),
    ],
)
def test_an_error_in_a_stream(frame: dict[str, Any], code: str | None, status: int | None) -> None:
    with pytest.raises(ProviderError) as raised:
        events(frame)
    assert (raised.value.code, raised.value.status) == (code, status)


def test_what_is_not_known_is_skipped() -> None:
    assert (
        events(
            {"type": "response.brand_new.delta", "delta": {"a": 1}},
            {"type": "response.web_search_call.searching", "output_index": "0"},
            {"type": "keepalive", "sequence_number": 3},
            {"no": "type"},
            {"type": ["no", "word"]},
            {"type": "response.output_item.added", "output_index": 0, "item": {"type": "mcp_call", "name": 5}},
            {"type": "response.output_item.added", "output_index": 0, "item": None},
        )
        == []
    )
    assert StreamReader().read(b"[DONE]") == []


@pytest.mark.parametrize(
    "data", [b"", b"<html>", b'{"type":"response.output_text.delta","delta":5}', b"[]", b"\xff\xfe", b'{"type":']
)
def test_malformed_data_is_said_so(data: bytes) -> None:
    with pytest.raises(NotThisDialect):
        StreamReader().read(data)


@given(st.binary(max_size=60))
def test_bytes_of_any_kind_raise_nothing_else(data: bytes) -> None:
    try:
        StreamReader().read(data)
    except (NotThisDialect, ProviderError):
        return


def test_a_closed_stream_is_ended_by_its_own_event_alone() -> None:
    assert StreamReader().closed() == []


def gathered(said: list[Event]) -> list[Any]:
    """The parts of one choice, out of its events."""
    parts: list[Any] = []
    calls: dict[int, ToolCall] = {}
    for event in said:
        last = parts[-1] if parts else None
        if isinstance(event, TextAdded):
            if isinstance(last, Text):
                last.text += event.text
            else:
                parts.append(Text(text=event.text))
        elif isinstance(event, ReasoningAdded):
            if isinstance(last, Reasoning) and last.signature is None:
                last.text += event.text
            else:
                parts.append(Reasoning(text=event.text))
        elif isinstance(event, ReasoningSigned):
            if event.redacted:
                parts.append(Reasoning(redacted=True))
            parts[-1].signature, parts[-1].origin, parts[-1].id = event.signature, event.origin, event.id
        elif isinstance(event, ToolCalled):
            calls[event.tool] = ToolCall(id=event.id, name=event.name, arguments="", free=event.free)
            parts.append(calls[event.tool])
        elif isinstance(event, ArgumentsAdded):
            calls[event.tool].arguments += event.text
    return parts


TOOLS = [
    {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}},
    {"type": "custom", "name": "g"},
]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"reasoning": {"effort": "high", "summary": "auto"}, "include": ["reasoning.encrypted_content"]},
        {"tools": TOOLS, "tool_choice": "required"},
        {"tools": TOOLS, "tool_choice": {"type": "custom", "name": "g"}, "reasoning": {"effort": "low"}},
        {"max_output_tokens": 16},
        {"include": ["message.output_text.logprobs"], "top_logprobs": 2},
    ],
)
@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-5"])
def test_a_streamed_reply_of_the_sandbox_is_read_as_the_whole_one(more: dict[str, Any], model: str) -> None:
    asked = msgspec.convert({"model": model, "input": "hi", "store": False, **more}, ResponseAsked)
    answer = ResponseAnswer(asked, key_of("key"), Demands())
    whole = read_reply(answer.body())
    reader = StreamReader()
    said = [event for frame in answer.frames() for event in reader.read(frame.partition(b"data: ")[2].strip())]
    (choice,) = whole.choices
    texts = [part for part in choice.parts if isinstance(part, Text)]
    for part in texts:
        part.citations = []
    assert gathered(said) == choice.parts
    assert next(event for event in said if isinstance(event, Finished)).reason == choice.finish
    assert next(event for event in said if isinstance(event, UsageSeen)).usage == whole.usage
    assert said[-1] == Ended()
