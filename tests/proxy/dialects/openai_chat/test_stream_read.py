"""Streams of providers that speak chat, and that what is read can be written: the round trip keeps everything."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewatch.call import Tokens
from proxy.canonical.answer import TokenLogprob, Usage
from proxy.canonical.events import (
    ArgumentsAdded,
    Cited,
    DeclinedAdded,
    Ended,
    Event,
    Finished,
    ReasoningAdded,
    ReasoningSigned,
    Started,
    TextAdded,
    ToolCalled,
    UsageSeen,
)
from proxy.dialects.openai_chat.stream_read import ChatReader
from proxy.dialects.openai_chat.stream_write import ChatWriter
from proxy.dialects.provider_error import NotThisDialect, ProviderError

USAGE = {"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29}


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **fields: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta or {}, "logprobs": None, "finish_reason": finish}
    said = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 5, "model": "gpt-x", "choices": [choice]}
    return said | fields


def read(*frames: dict[str, Any]) -> list[Event]:
    reader = ChatReader()
    return [event for frame in frames for event in reader.read(json.dumps(frame).encode())]


STARTED = Started(id="chatcmpl-1", model="gpt-x", created=5)


def test_a_refusal_in_words_is_why_the_reply_ends() -> None:
    assert read(chunk({"refusal": "No."}), chunk({}, "stop"))[-1] == Finished(reason="refusal")


def test_openais_stream_is_read() -> None:
    reader = ChatReader()
    frames = [
        chunk({"role": "assistant", "content": "", "refusal": None}, service_tier="default"),
        chunk({"content": "Hello"}, obfuscation="xyz"),
        chunk({"content": "!"}),
        chunk({}, "stop"),
        chunk(choices=[], usage=USAGE),
    ]
    events = [event for frame in frames for event in reader.read(json.dumps(frame).encode())] + reader.read(b"[DONE]")
    assert events[:-2] == [
        Started(id="chatcmpl-1", model="gpt-x", created=5, service_tier="default"),
        TextAdded(text="Hello"),
        TextAdded(text="!"),
        Finished(reason="stop"),
    ]
    assert isinstance(seen := events[-2], UsageSeen)
    assert (seen.usage.raw, seen.usage.tokens) == (USAGE, Tokens(input_uncached=19, output=10))
    assert isinstance(events[-1], Ended)


def test_only_the_mark_ends_a_stream() -> None:
    assert ChatReader().closed() == []


def test_azures_first_frame_without_a_name_does_not_start_the_stream() -> None:
    filters = {"id": "", "model": "", "object": "", "created": 0, "choices": [], "prompt_filter_results": [{}]}
    assert read(filters, chunk({"content": "a"})) == [STARTED, TextAdded(text="a")]


def test_tool_calls_end_with_tool_calls_whatever_the_word() -> None:
    call = {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    assert read(chunk({"tool_calls": [call]}), chunk({}, "stop")) == [
        STARTED,
        ToolCalled(id="a", name="f", tool=0),
        ArgumentsAdded(text="{}", tool=0),
        Finished(reason="tool_calls"),
    ]


@pytest.mark.parametrize(
    ("delta", "expected"),
    [
        pytest.param({"reasoning_content": "Hm."}, [ReasoningAdded(text="Hm.")], id="DeepSeek"),
        pytest.param({"reasoning": "Hm.", "content": ""}, [ReasoningAdded(text="Hm.")], id="vLLM, Groq, Together"),
        pytest.param({"reasoning": "Hm.", "reasoning_content": "Hm."}, [ReasoningAdded(text="Hm.")], id="both"),
        pytest.param(
            {"reasoning": "Hm.", "reasoning_details": [{"type": "reasoning.text", "text": "Hm.", "index": 0}]},
            [ReasoningAdded(text="Hm.")],
            id="OpenRouter says it twice",
        ),
        pytest.param(
            {"reasoning_details": [{"type": "reasoning.text", "signature": "s", "index": 0}]},
            [ReasoningSigned(signature="s", origin="openai-chat")],
            id="OpenRouter's signature at the end",
        ),
        pytest.param(
            {"reasoning": None, "reasoning_details": [{"type": "reasoning.encrypted", "data": "b", "id": "rs"}]},
            [ReasoningSigned(signature="b", origin="openai-chat", redacted=True, id="rs")],
            id="OpenRouter, encrypted",
        ),
        pytest.param(
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]},
            [ReasoningAdded(text="Hm.")],
            id="Mistral",
        ),
        pytest.param({"refusal": "No."}, [DeclinedAdded(text="No.")], id="a refusal"),
    ],
)
def test_what_a_delta_says_is_said_once(delta: dict[str, Any], expected: list[Event]) -> None:
    assert read(chunk(delta)) == [STARTED, *expected]


def test_citations_and_logprobs_are_read() -> None:
    note = {"type": "url_citation", "url_citation": {"url": "https://e.com", "start_index": 0, "end_index": 1}}
    told = {"content": [{"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": []}], "refusal": None}
    frame = chunk({"content": "a", "annotations": [note]})
    frame["choices"][0]["logprobs"] = told
    _, text, cited = read(frame)
    assert text == TextAdded(text="a", logprobs=[TokenLogprob(token="a", logprob=-0.5, bytes=[97])])
    assert isinstance(cited, Cited)
    assert cited.citation.url == "https://e.com"


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param([chunk({}, "stop"), chunk(choices=[], usage=USAGE)], id="OpenAI: a chunk of its own"),
        pytest.param([chunk({}, "stop", usage=USAGE)], id="with the finish"),
        pytest.param(
            [chunk({"content": "a"}, usage={"prompt_tokens": 19}), chunk({}, "stop", usage=USAGE)],
            id="xAI: in every chunk",
        ),
        pytest.param([chunk({}, "stop", x_groq={"id": "req", "usage": USAGE})], id="Groq"),
        pytest.param(
            [chunk({}, "stop"), chunk({"content": ""}, "stop", usage=USAGE)],
            id="OpenRouter: after the finish, with a choice",
        ),
    ],
)
def test_the_last_usage_counts_wherever_it_stands(frames: list[dict[str, Any]]) -> None:
    events = read(*frames)
    seen = [event for event in events if isinstance(event, UsageSeen)]
    assert seen[-1].usage.raw == USAGE
    assert [event.reason for event in events if isinstance(event, Finished)] == ["stop"]


@pytest.mark.parametrize(
    ("frame", "status", "code"),
    [
        pytest.param({"error": {"message": "x", "type": "server_error", "code": None}}, 500, None, id="OpenAI"),
        pytest.param(chunk({"content": ""}, "error", error={"code": 502, "message": "x"}), 502, "502", id="OpenRouter"),
        pytest.param(
            {"object": "error", "message": "x", "type": "InternalServerError", "code": 500}, 500, "500", id="vLLM"
        ),
        pytest.param(chunk({}, "insufficient_system_resource"), 503, None, id="DeepSeek"),
        pytest.param({"choices": [], "x_groq": {"error": "over capacity"}}, None, None, id="Groq"),
    ],
)
def test_an_error_event_is_an_error(frame: dict[str, Any], status: int | None, code: str | None) -> None:
    with pytest.raises(ProviderError) as failed:
        read(frame)
    assert (failed.value.status, failed.value.code) == (status, code)


@pytest.mark.parametrize("data", [b"", b"x", b'{"choices":', b"[]", b'{"choices":{}}', b'"\xff"', b"[" * 99_999])
def test_what_is_no_chunk_says_so(data: bytes) -> None:
    with pytest.raises(NotThisDialect):
        ChatReader().read(data)


def test_unknown_fields_and_events_are_skipped() -> None:
    odd = {"content": 7, "reasoning": {}, "reasoning_details": "x", "annotations": {}, "refusal": 1, "new": [1]}
    said = read({"type": "unheard_of"}, chunk(odd), {"usage": "x"})
    assert said == [STARTED, UsageSeen(usage=Usage(raw="x"))]  # it is kept as it came, and counts nothing


def test_a_whole_reply_in_a_frame_is_read() -> None:
    frame = chunk() | {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "a"}, "finish_reason": "stop"}]
    }
    assert read(frame) == [STARTED, TextAdded(text="a"), Finished(reason="stop")]


pieces = st.lists(st.text(min_size=1, max_size=8), max_size=6)
tool_calls = st.lists(st.tuples(st.text("abc", min_size=1, max_size=5), pieces), max_size=3)


def deltas_of(text: list[str], thoughts: list[str], calls: list[tuple[str, list[str]]]) -> list[dict[str, Any]]:
    """A provider's deltas; the calls' arguments come interleaved."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning_content": piece} for piece in thoughts] + [{"content": piece} for piece in text]
    for at, (name, _) in enumerate(calls):
        head = {"index": at, "id": f"call_{at}", "type": "function", "function": {"name": name, "arguments": ""}}
        deltas.append({"tool_calls": [head]})
    for turn in range(6):
        for at, (_, arguments) in enumerate(calls):
            if turn < len(arguments):
                deltas.append({"tool_calls": [{"index": at, "function": {"arguments": arguments[turn]}}]})
    return deltas


@given(
    pieces,
    pieces,
    tool_calls,
    st.sampled_from(["stop", "length", "content_filter"]),
    st.integers(1, 9),
    st.integers(0, 9),
)
def test_a_translated_stream_keeps_text_thoughts_calls_finish_and_usage(
    text: list[str], thoughts: list[str], calls: list[tuple[str, list[str]]], finish: str, prompt: int, completion: int
) -> None:
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    frames = [chunk(delta) for delta in deltas_of(text, thoughts, calls)]
    frames += [chunk({}, finish), chunk(choices=[], usage=usage)]
    reader = ChatReader()
    writer = ChatWriter({"model": "m", "stream": True, "stream_options": {"include_usage": True}}, "c1")
    sent, seen = b"", Tokens()
    for frame in frames:
        events = reader.read(json.dumps(frame).encode())
        seen = next((event.usage.tokens or seen for event in events if isinstance(event, UsageSeen)), seen)
        sent += writer.write(events)
    sent += writer.end(seen)

    got = [json.loads(frame.removeprefix(b"data: ")) for frame in sent.split(b"\n\n")[:-2]]
    choices = [choice for each in got for choice in each["choices"]]
    deltas = [choice["delta"] for choice in choices]
    arguments = dict.fromkeys(range(len(calls)), "")
    for delta in deltas:
        for call in delta.get("tool_calls", ()):
            arguments[call["index"]] += call["function"]["arguments"]
    assert "".join(delta.get("content") or "" for delta in deltas) == "".join(text)
    assert "".join(delta.get("reasoning_content") or "" for delta in deltas) == "".join(thoughts)
    assert list(arguments.values()) == ["".join(each) for _, each in calls]
    ends = [choice["finish_reason"] for choice in choices if choice["finish_reason"]]
    assert ends == ["tool_calls" if calls and finish == "stop" else finish]
    assert {name: got[-1]["usage"][name] for name in usage} == usage


@pytest.mark.parametrize("index", [-1, 128, 10**9])
def test_choices_that_nobody_can_ask_for_are_not_kept(index: int) -> None:
    """OpenAI's `n` is 128 at most."""
    with pytest.raises(NotThisDialect):
        read({"choices": [{"index": index, "delta": {"content": "a"}}]})
