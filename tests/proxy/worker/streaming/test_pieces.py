"""Which frames are a piece of text and nothing else, by the vendors' own stream references."""

import json
from typing import Any

import pytest

from proxy.worker.streaming.pieces import Piece, piece_of


def chat(delta: Any, **changed: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None} | changed.pop("choice", {})
    event = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return event | changed


def completion(text: Any, **changed: Any) -> dict[str, Any]:
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": None} | changed
    return {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m", "choices": [choice]}


def response(delta: Any, number: int = 7, **changed: Any) -> dict[str, Any]:
    return {
        "type": "response.output_text.delta",
        "sequence_number": number,
        "item_id": "msg_1",
        "output_index": 0,
        "content_index": 0,
        "delta": delta,
        "logprobs": [],
    } | changed


def message(delta: Any, index: int = 0) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def read(dialect: str, event: Any) -> Piece | None:
    data = json.dumps(event).encode()
    head = b"event: %s\n" % event["type"].encode() if "type" in event else b""
    return piece_of(dialect, head + b"data: " + data + b"\n\n", data)


PIECES = [
    ("openai-chat", chat({"content": "Hi"})),
    ("openai-chat", chat({"content": "Hi", "role": "assistant", "refusal": None, "reasoning_content": None})),
    ("openai-chat", chat({"content": "Hi"}, usage=None, system_fingerprint="fp", obfuscation="xy")),
    ("openai-completions", completion("Hi")),
    ("openai-responses", response("Hi")),
    ("openai-responses", response("Hi", obfuscation="xy")),
    ("anthropic-messages", message({"type": "text_delta", "text": "Hi"})),
]
OTHERS = [
    ("openai-chat", chat({"role": "assistant", "content": ""})),
    ("openai-chat", chat({"content": "Hi"}, choice={"finish_reason": "stop"})),
    ("openai-chat", chat({"content": "Hi"}, choice={"logprobs": {"content": []}})),
    ("openai-chat", chat({"content": "Hi"}, usage={"prompt_tokens": 1})),
    ("openai-chat", chat({"content": "Hi", "tool_calls": []})),
    ("openai-chat", chat({"content": "Hi", "reasoning_content": "Hm"})),
    ("openai-chat", chat({"refusal": "No"})),
    ("openai-chat", chat({"content": ["Hi"]})),
    ("openai-chat", chat({"content": "Hi"}, choices=[])),
    ("openai-chat", {"error": {"message": "over"}}),
    ("openai-completions", completion("Hi", finish_reason="length")),
    ("openai-completions", completion("Hi", logprobs={"tokens": ["Hi"]})),
    ("openai-responses", response("Hi", logprobs=[{"token": "Hi"}])),
    ("openai-responses", response("Hi", type="response.reasoning_text.delta")),
    ("openai-responses", response("Hi", type="response.refusal.delta")),
    ("openai-responses", response("Hi", type="response.function_call_arguments.delta")),
    ("openai-responses", {"type": "response.output_text.done", "text": "Hi", "sequence_number": 8}),
    ("anthropic-messages", message({"type": "thinking_delta", "thinking": "Hm"})),
    ("anthropic-messages", message({"type": "input_json_delta", "partial_json": "{"})),
    ("anthropic-messages", message({"type": "text_delta", "text": "Hi", "citation": {}})),
    ("anthropic-messages", {"type": "ping"}),
]


@pytest.mark.parametrize(("dialect", "event"), PIECES)
def test_a_frame_whose_only_word_is_text_is_a_piece(dialect: str, event: dict[str, Any]) -> None:
    piece = read(dialect, event)
    assert piece is not None
    assert piece.text == "Hi"
    said = json.loads(piece.with_text("Bye").partition(b"data: ")[2])
    assert json.dumps(said) == json.dumps(event).replace('"Hi"', '"Bye"'), "nothing else has changed, nor its order"


@pytest.mark.parametrize(("dialect", "event"), OTHERS)
def test_a_frame_that_says_more_is_none(dialect: str, event: dict[str, Any]) -> None:
    assert read(dialect, event) is None


@pytest.mark.parametrize(
    "frame",
    [
        b": ping\n\n",
        b"id: 7\ndata: {}\n\n",
        b'data: {"choices":[{"delta":{"content":"\\ud800"}}]}\n\n',
        b"data: [DONE]\n\n",
    ],
)
def test_what_is_no_event_of_json_is_none(frame: bytes) -> None:
    data = frame.partition(b"data: ")[2].strip() or None
    assert piece_of("openai-chat", frame, data) is None


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (chat({"content": "a"}), chat({"content": "b"}, created=2, obfuscation="z"), True),
        (chat({"content": "a"}), chat({"content": "b"}, choice={"index": 1}), False),
        (chat({"content": "a"}), chat({"content": "b"}, system_fingerprint="other"), False),
        (chat({"content": "a", "role": "assistant"}), chat({"content": "b"}), False),
    ],
)
def test_pieces_stand_in_one_frame_where_they_differ_in_their_text_alone(one: Any, other: Any, alike: bool) -> None:
    first, second = read("openai-chat", one), read("openai-chat", other)
    assert first is not None
    assert second is not None
    assert first.is_like(second) is alike


def test_texts_of_other_blocks_are_others() -> None:
    one, other = message({"type": "text_delta", "text": "a"}, 0), message({"type": "text_delta", "text": "a"}, 2)
    first, second = read("anthropic-messages", one), read("anthropic-messages", other)
    assert first is not None
    assert second is not None
    assert not first.is_like(second)
    one, other = response("a", 7), response("a", 8, content_index=1)
    first, second = read("openai-responses", one), read("openai-responses", other)
    assert first is not None
    assert second is not None
    assert not first.is_like(second)
