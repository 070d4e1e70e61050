"""A stream is one object again, in whichever dialect it went out."""

import json
from typing import Any

import pytest

from proxy.worker.bodies.assembled import assembled


def sse(*events: Any) -> bytes:
    kinds = [str(event.get("type", "x")) for event in events]
    frames = [f"event: {kind}\ndata: {json.dumps(event)}\n\n" for kind, event in zip(kinds, events, strict=True)]
    return "".join(frames).encode()


def chat(**delta: Any) -> dict[str, Any]:
    finish = delta.pop("finish", None)
    return {"id": "c", "model": "gpt-4o", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


CALL = {"index": 0, "id": "t1", "type": "function", "function": {"name": "ask", "arguments": ""}}


def test_text_reasoning_and_tool_calls_of_chat_are_put_together() -> None:
    frames = b": gatewatch call_id=x\n\n" + sse(
        chat(role="assistant", content=""),
        chat(reasoning_content="I th"),
        chat(reasoning_content="ink"),
        chat(content="Hel"),
        chat(content="lo"),
        chat(tool_calls=[CALL]),
        chat(tool_calls=[{"index": 0, "function": {"arguments": '{"a":'}}]),
        chat(tool_calls=[{"index": 0, "function": {"arguments": "1}"}}]),
        chat(finish="tool_calls"),
    )
    assert assembled("openai-chat", "chat", frames) == {
        "model": "gpt-4o",
        "choices": [
            {
                "reasoning": "I think",
                "text": "Hello",
                "tool_calls": [{"name": "ask", "arguments": '{"a":1}'}],
                "finish": "tool_calls",
            }
        ],
    }


def test_each_choice_is_its_own() -> None:
    chunks = [
        {"model": "m", "choices": [{"index": index, "delta": {"content": text}}]}
        for index, text in ((1, "b"), (0, "a"), (1, "B"))
    ]
    choices = assembled("openai-chat", "chat", sse(*chunks), "stop")["choices"]
    assert choices == [{"text": "a", "finish": "stop"}, {"text": "bB", "finish": "stop"}]


def test_messages_and_responses_are_put_together_too() -> None:
    messages = sse(
        {"type": "message_start", "message": {"id": "m", "model": "claude", "usage": {"input_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi "}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "there"}},
        {"type": "content_block_stop", "index": 0},
    )
    said = {"model": "claude", "choices": [{"text": "Hi there", "finish": "stop"}]}
    assert assembled("anthropic-messages", "messages", messages, "stop") == said
    place = {"item_id": "i", "output_index": 0, "content_index": 0}
    item = {"id": "i", "type": "message", "role": "assistant", "content": []}
    responses = sse(
        {"type": "response.created", "response": {"id": "r", "model": "gpt-5", "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.content_part.added", **place, "part": {"type": "output_text", "text": ""}},
        {"type": "response.output_text.delta", **place, "delta": "Hi "},
        {"type": "response.output_text.delta", **place, "delta": "there"},
    )
    assert assembled("openai-responses", "responses", responses, "stop")["choices"] == said["choices"]


def test_completions_are_put_together_too() -> None:
    frames = sse(
        {"model": "m", "choices": [{"index": 0, "text": "one "}]},
        {"model": "m", "choices": [{"index": 0, "text": "two", "finish_reason": "length"}]},
    )
    said = assembled("openai-completions", "completions", frames + b"data: [DONE]\n\n")
    assert said == {"model": "m", "choices": [{"text": "one two", "finish": "length"}]}


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (sse({"error": {"message": "too busy", "type": "server_error"}}), "too busy"),
        (b"data: {nonsense\n\n", "an event that cannot be read"),
    ],
)
def test_what_came_before_an_error_is_kept(broken: bytes, error: str) -> None:
    frames = sse(chat(content="Half a")) + broken
    said = assembled("openai-chat", "chat", frames, None)
    assert said == {"model": "gpt-4o", "choices": [{"text": "Half a", "finish": None}], "error": error}


def test_a_frame_that_was_cut_off_is_left_out() -> None:
    frames = sse(chat(content="whole"), chat(content="half"))[:-9]
    assert assembled("openai-chat", "chat", frames)["choices"] == [{"text": "whole", "finish": None}]
