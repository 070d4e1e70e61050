"""Streams of legacy completions: frames of the shape of the whole reply, `finish_reason` null until the end."""

import json
from typing import Any

from gatewatch.call import Tokens
from proxy.canonical.answer import TokenLogprob
from proxy.canonical.events import (
    DeclinedAdded,
    Event,
    Finished,
    ReasoningAdded,
    Started,
    TextAdded,
)
from proxy.dialects.openai_completions.stream_write import CompletionsWriter

BODY: dict[str, Any] = {"model": "m", "prompt": "Once", "stream": True}
TOKENS = Tokens(input_uncached=3, output=2)


def frames(events: list[Event], **body: Any) -> list[dict[str, Any]]:
    writer = CompletionsWriter(BODY | body, "c1")
    sent = b"".join(writer.write([event]) for event in events) + writer.end(TOKENS)
    cut = sent.decode().split("\n\n")
    assert cut[-2:] == ["data: [DONE]", ""]
    return [json.loads(frame.removeprefix("data: ")) for frame in cut[:-2]]


def test_text_streams_and_ends() -> None:
    read = frames(
        [Started(model="x", created=5), ReasoningAdded(text="Hm."), TextAdded(text=" upon"), Finished(reason="stop")]
    )
    head = {"id": "cmpl-c1", "object": "text_completion", "created": 5, "model": "x"}
    assert read == [
        head | {"choices": [{"text": " upon", "index": 0, "logprobs": None, "finish_reason": None}]},
        head | {"choices": [{"text": "", "index": 0, "logprobs": None, "finish_reason": "stop"}]},
    ]


def test_usage_comes_last_for_who_asked_for_it() -> None:
    read = frames([TextAdded(text="a"), Finished(reason="stop")], stream_options={"include_usage": True})
    assert [each["usage"] for each in read[:-1]] == [None, None]
    assert (read[-1]["choices"], read[-1]["usage"]["total_tokens"]) == ([], 5)
    (only,) = frames([], stream_options={"include_usage": True})
    assert only["usage"]["prompt_tokens"] == 3


def test_the_prompt_is_echoed_first_in_each_choice() -> None:
    events: list[Event] = [TextAdded(text="a"), TextAdded(text="b", choice=1), Finished(reason="stop", choice=1)]
    read = frames(events, echo=True)
    assert [(each["choices"][0]["index"], each["choices"][0]["text"]) for each in read] == [
        (0, "Once"),
        (0, "a"),
        (1, "Once"),
        (1, "b"),
        (1, ""),
    ]


def test_logprobs_count_their_offsets_on() -> None:
    told = [[TokenLogprob(token="ab", logprob=-1)], [TokenLogprob(token="c", logprob=-2)]]
    read = frames([TextAdded(text="ab", logprobs=told[0]), TextAdded(text="c", logprobs=told[1])])
    assert [each["choices"][0]["logprobs"]["text_offset"] for each in read] == [[0], [2]]


def test_a_refusal_is_the_text() -> None:
    read = frames([DeclinedAdded(text="No."), Finished(reason="refusal")])
    assert [each["choices"][0]["text"] for each in read] == ["No.", ""]
    assert read[-1]["choices"][0]["finish_reason"] == "content_filter"
