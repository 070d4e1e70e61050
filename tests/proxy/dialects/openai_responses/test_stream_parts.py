"""Open parts of a stream: how each begins, goes on and ends (OpenAI: streaming events of Responses)."""

import json
import tracemalloc
from typing import Any

from openai.types.responses import ResponseStreamEvent

from proxy.canonical.answer import TokenLogprob
from proxy.canonical.parts import Citation
from proxy.dialects.openai_responses.stream_frames import Frames
from proxy.dialects.openai_responses.stream_parts import OpenCall, OpenMessage, OpenReasoning, Words
from tests.kit.strict_types import assert_fits


def events(frames: bytes) -> list[dict[str, Any]]:
    said = [json.loads(frame.partition("data: ")[2]) for frame in frames.decode().split("\n\n")[:-1]]
    for event in said:
        assert_fits(event, ResponseStreamEvent)
    return said


def types(frames: bytes) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events(frames)]


def test_a_message_goes_through_its_parts() -> None:
    message = OpenMessage(Frames(), "msg_1", 2)
    begun = message.begin()
    text, added = message.begin_text()
    said = text.add("Hel", [TokenLogprob(token="Hel", logprob=-1.0)]) + text.add("lo", None)
    said += text.cite(Citation(url="https://x"))
    refusal, more = message.begin_refusal()
    item, ended = message.end() if refusal.add("no") else (b"", b"")
    assert types(begun + added + said) == [
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.annotation.added",
    ]
    assert types(more) == ["output_text.done", "content_part.done", "content_part.added"]
    assert types(ended) == ["refusal.done", "content_part.done", "output_item.done"]
    assert events(more)[0]["text"] == "Hello"
    whole = json.loads(item)
    assert whole == events(ended)[-1]["item"]
    assert whole["content"][0]["text"] == "Hello"
    assert whole["content"][0]["annotations"][0]["end_index"] == 5
    assert whole["content"][0]["logprobs"][0]["bytes"] == list(b"Hel")
    assert whole["content"][1] == {"type": "refusal", "refusal": "no"}
    assert events(more)[-1]["content_index"] == 1
    assert {event["output_index"] for event in events(begun + added + said + more + ended)} == {2}


def test_thoughts_have_one_summary_or_none() -> None:
    shown = OpenReasoning(Frames(), "rs_1", 0)
    said = shown.begin() + shown.add("a") + shown.add("b")
    item, ended = shown.end("gAAAA")
    assert types(said) == [
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.delta",
    ]
    assert types(ended) == ["reasoning_summary_text.done", "reasoning_summary_part.done", "output_item.done"]
    assert json.loads(item)["summary"] == [{"type": "summary_text", "text": "ab"}]
    hidden = OpenReasoning(Frames(), "rs_2", 1)
    assert types(hidden.begin() + hidden.end("x")[1]) == ["output_item.added", "output_item.done"]


def test_calls_of_functions_and_of_custom_tools() -> None:
    call = OpenCall(Frames(), "fc_1", 0, "c1", "f", free=False)
    begun = call.begin() + call.add('{"a":') + call.add("1}")
    item, ended = call.end()
    assert types(begun + ended) == [
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
    ]
    assert json.loads(item)["arguments"] == '{"a":1}'
    custom = OpenCall(Frames(), "ctc_1", 1, "c2", "g", free=True)
    said = custom.begin() + custom.add("text") + custom.end()[1]
    assert types(said) == [
        "output_item.added",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.done",
        "output_item.done",
    ]


def test_a_function_without_arguments_gets_an_empty_object() -> None:
    call = OpenCall(Frames(), "fc_1", 0, "c1", "f", free=False)
    item, ended = call.end()
    assert json.loads(item)["arguments"] == "{}"
    assert events(ended)[0]["delta"] == "{}"
    custom = OpenCall(Frames(), "ctc_1", 0, "c1", "f", free=True)
    assert json.loads(custom.end()[0])["input"] == ""


def test_what_a_part_has_said_takes_hardly_more_than_its_size() -> None:
    """A string of four characters is an object of 53 bytes."""
    tracemalloc.start()
    try:
        words = Words()
        for at in range(50_000):
            words.add(f"{at % 10_000:04}")
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert words.length == len(str(words)) == 200_000
    assert str(words) == "".join(f"{at:04}" for at in range(10_000)) * 5
    assert held < 300_000
