"""Streams by the API reference: every chunk fits the SDK's `ChatCompletionChunk`, and the SDK puts them together."""

import json
from typing import Any

from openai.lib.streaming._deltas import accumulate_delta
from openai.types.chat import ChatCompletionChunk

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
from proxy.dialects.openai_chat.stream_write import ChatWriter
from tests.kit.strict_types import assert_fits

EXTENSIONS = ("reasoning_content", "reasoning_details", "annotations")
BODY: dict[str, Any] = {"model": "m", "stream": True}
WITH_USAGE = BODY | {"stream_options": {"include_usage": True}}
TOKENS = Tokens(input_uncached=3, output=2)


def chunks(events: list[Event], body: dict[str, Any] = BODY) -> list[dict[str, Any]]:
    """The stream's chunks; each event is written alone. Held against the SDK's types, but for the extensions."""
    writer = ChatWriter(body, "c1")
    sent = b"".join(writer.write([event]) for event in events) + writer.end(TOKENS)
    frames = sent.decode().split("\n\n")
    assert frames[-2:] == ["data: [DONE]", ""]
    read: list[dict[str, Any]] = []
    for frame in frames[:-2]:
        assert frame.startswith("data: ")
        read.append(json.loads(frame[6:]))
        plain = json.loads(frame[6:])
        for choice in plain["choices"]:
            choice["delta"] = {name: each for name, each in choice["delta"].items() if name not in EXTENSIONS}
            for call in choice["delta"].get("tool_calls", ()):
                call.pop("extra_content", None)
        assert_fits(plain, ChatCompletionChunk)
    return read


def message(read: list[dict[str, Any]], index: int = 0) -> dict[object, object]:
    """The deltas of one choice, put together by the SDK's own code."""
    together: dict[object, object] = {}
    for chunk in read:
        for choice in chunk["choices"]:
            if choice["index"] == index:
                together = accumulate_delta(together, choice["delta"])
    return together


def test_the_role_comes_first_and_the_finish_last() -> None:
    read = chunks(
        [Started(model="claude-x", created=7), TextAdded(text="Hé"), TextAdded(text="!"), Finished(reason="stop")]
    )
    assert [chunk["choices"][0]["delta"] for chunk in read] == [
        {"role": "assistant", "content": "", "refusal": None},
        {"content": "Hé"},
        {"content": "!"},
        {},
    ]
    assert [chunk["choices"][0]["finish_reason"] for chunk in read] == [None, None, None, "stop"]
    assert {(chunk["id"], chunk["model"], chunk["created"]) for chunk in read} == {("chatcmpl-c1", "claude-x", 7)}
    assert all("usage" not in chunk for chunk in read)


def test_usage_comes_last_for_who_asked_for_it_and_is_null_before() -> None:
    usage = UsageSeen(usage=Usage(raw={"x": 1}))
    read = chunks([Started(), TextAdded(text="a"), usage, Finished(reason="stop")], WITH_USAGE)
    assert [chunk["usage"] for chunk in read[:-1]] == [None] * 3
    assert read[-1]["choices"] == []
    assert read[-1]["usage"]["total_tokens"] == 5


def test_usage_is_told_even_where_nothing_came() -> None:
    (only,) = chunks([], WITH_USAGE)
    assert (only["choices"], only["usage"]["prompt_tokens"]) == ([], 3)


def test_parallel_tool_calls_may_come_interleaved() -> None:
    read = chunks(
        [
            Started(),
            ToolCalled(id="a", name="f", tool=0),
            ToolCalled(id="b", name="g", tool=1, signature="s", origin="gemini"),
            ArgumentsAdded(text='{"x"', tool=0),
            ArgumentsAdded(text="{}", tool=1),
            ArgumentsAdded(text=":1}", tool=0),
            PartEnded(tool=0),
            Finished(reason="tool_calls"),
        ]
    )
    assert message(read)["tool_calls"] == [
        {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}},
        {
            "index": 1,
            "id": "b",
            "type": "function",
            "function": {"name": "g", "arguments": "{}"},
            "extra_content": {"google": {"thought_signature": "gw1.gemini.s"}},
        },
    ]


def test_a_custom_tool_gets_its_text_as_input() -> None:
    writer = ChatWriter(BODY, "c1")
    sent = writer.write([ToolCalled(id="a", name="sh", tool=0, free=True), ArgumentsAdded(text="ls", tool=0)]).decode()
    deltas = [json.loads(frame[6:])["choices"][0]["delta"] for frame in sent.split("\n\n")[:-1]]
    assert deltas[1:] == [
        {"tool_calls": [{"id": "a", "index": 0, "type": "custom", "custom": {"name": "sh", "input": ""}}]},
        {"tool_calls": [{"index": 0, "custom": {"input": "ls"}}]},
    ]


def test_who_asked_for_functions_gets_a_function_call() -> None:
    events: list[Event] = [
        ToolCalled(id="a", name="f", tool=0),
        ArgumentsAdded(text="{}", tool=0),
        Finished(reason="tool_calls"),
    ]
    read = chunks(events, BODY | {"functions": [{"name": "f"}]})
    assert message(read)["function_call"] == {"name": "f", "arguments": "{}"}
    assert read[-1]["choices"][0]["finish_reason"] == "function_call"


def test_thoughts_can_be_put_together_and_sent_back() -> None:
    read = chunks(
        [
            Started(),
            ReasoningAdded(text="Let me "),
            ReasoningAdded(text="see."),
            ReasoningSigned(signature="abc", origin="anthropic-messages"),
            ReasoningSigned(signature="red", origin="anthropic-messages", redacted=True),
            ReasoningAdded(text="Again."),
            TextAdded(text="Yes."),
            ReasoningAdded(text="More."),
            Finished(reason="stop"),
        ]
    )
    together = message(read)
    assert (together["content"], together["reasoning_content"]) == ("Yes.", "Let me see.Again.More.")
    assert together["reasoning_details"] == [
        {
            "type": "reasoning.text",
            "text": "Let me see.",
            "index": 0,
            "signature": "gw1.anthropic-messages.abc",
            "format": "anthropic-claude-v1",
            "signed_length": 11,
        },
        {
            "type": "reasoning.encrypted",
            "data": "gw1.anthropic-messages.red",
            "format": "anthropic-claude-v1",
            "index": 1,
        },
        {"type": "reasoning.text", "text": "Again.", "index": 2},
        {"type": "reasoning.text", "text": "More.", "index": 3},
    ]


def test_who_excludes_thoughts_gets_none() -> None:
    events: list[Event] = [
        ReasoningAdded(text="Hm."),
        ReasoningSigned(signature="s", origin="gemini"),
        TextAdded(text="Yes."),
    ]
    assert message(chunks(events, BODY | {"include_reasoning": False})) == {
        "role": "assistant",
        "content": "Yes.",
        "refusal": None,
    }


def test_citations_count_characters_of_the_whole_message() -> None:
    read = chunks(
        [
            TextAdded(text="Rain. "),
            PartEnded(),
            TextAdded(text="Wi"),
            TextAdded(text="nd."),
            Cited(citation=Citation(url="https://e.com/w", title="W")),
            Cited(citation=Citation(quote="no address")),
            PartEnded(),
            TextAdded(text=" Sun."),
            Cited(citation=Citation(url="https://e.com/s", start=1, end=4)),
            Finished(reason="stop"),
        ]
    )
    annotations = message(read)["annotations"]
    assert isinstance(annotations, list)
    assert [each["url_citation"] for each in annotations] == [
        {"url": "https://e.com/w", "title": "W", "start_index": 6, "end_index": 11},
        {"url": "https://e.com/s", "title": "https://e.com/s", "start_index": 12, "end_index": 15},
    ]


def test_logprobs_stand_with_their_text() -> None:
    told = TokenLogprob(token="a", logprob=-0.5, bytes=[97])
    _, chunk, _ = chunks([TextAdded(text="a", logprobs=[told]), Finished(reason="stop")])
    assert chunk["choices"][0]["logprobs"] == {
        "content": [{"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": []}],
        "refusal": None,
    }


def test_a_refusal_in_words_ends_with_stop() -> None:
    read = chunks([DeclinedAdded(text="I "), DeclinedAdded(text="can't."), Finished(reason="refusal")])
    assert message(read)["refusal"] == "I can't."
    assert read[-1]["choices"][0]["finish_reason"] == "stop"


def test_each_choice_has_its_own_role_and_finish() -> None:
    read = chunks(
        [
            Started(),
            TextAdded(text="a"),
            TextAdded(text="b", choice=1),
            Finished(reason="stop"),
            Finished(reason="length", choice=1),
        ]
    )
    assert message(read, 0) == {"role": "assistant", "content": "a", "refusal": None}
    assert message(read, 1) == {"role": "assistant", "content": "b", "refusal": None}
    ends = {
        each["index"]: each["finish_reason"] for chunk in read for each in chunk["choices"] if each["finish_reason"]
    }
    assert ends == {0: "stop", 1: "length"}


def test_text_that_looks_like_a_frame_stays_text() -> None:
    hostile = 'x"}]}\n\ndata: [DONE]\n\n\u2028\x00'
    assert message(chunks([TextAdded(text=hostile)]))["content"] == hostile
