"""Oracles for what callers get: Anthropic's own SDK where it is installed, and the documented rules of a stream."""

import json
from collections.abc import Callable
from inspect import signature
from typing import Any

import pytest

DELTAS = {
    "text": {"text_delta", "citations_delta"},
    "thinking": {"thinking_delta", "signature_delta"},
    "tool_use": {"input_json_delta"},
    "redacted_thinking": set[str](),
}


def accumulated(stream: bytes) -> dict[str, Any]:
    """The message that a stream tells, by the rules of platform.claude.com/docs/en/build-with-claude/streaming."""
    events: list[dict[str, Any]] = []
    for frame in stream.decode().split("\n\n")[:-1]:
        name, data = frame.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        events.append(event)
    assert stream.endswith(b"\n\n")
    assert events[0]["type"] == "message_start"
    assert [event["type"] for event in events[-2:]] == ["message_delta", "message_stop"]
    message: dict[str, Any] = events[0]["message"]
    assert message["content"] == []
    arguments: dict[int, str] = {}
    open_: set[int] = set()
    for event in events[1:-2]:
        index, kind = event["index"], event["type"]
        if kind == "content_block_start":
            assert index == len(message["content"])
            message["content"].append(event["content_block"])
            open_.add(index)
            continue
        assert index in open_
        block = message["content"][index]
        if kind == "content_block_stop":
            open_.remove(index)
            if block["type"] == "tool_use":
                block["input"] = json.loads(arguments.get(index) or "{}")
            continue
        assert kind == "content_block_delta"
        delta = event["delta"]
        assert delta["type"] in DELTAS[block["type"]]
        beside = {message["content"][each]["type"] for each in open_ - {index}}
        assert block["type"] == "tool_use" or beside <= {"tool_use"}
        if delta["type"] == "input_json_delta":
            arguments[index] = arguments.get(index, "") + delta["partial_json"]
        elif delta["type"] == "citations_delta":
            block.setdefault("citations", []).append(delta["citation"])
        elif delta["type"] == "signature_delta":
            block["signature"] = delta["signature"]
        else:
            word = delta["type"].removesuffix("_delta")
            block[word] += delta[word]
    assert not open_
    told: dict[str, Any] = message | events[-2]["delta"]
    return told | {"usage": message["usage"] | events[-2]["usage"]}


@pytest.fixture
def tell() -> Callable[[bytes], dict[str, Any]]:
    return accumulated


@pytest.fixture
def sdk() -> Any:
    """Anthropic's SDK, 0.125 or newer."""
    return pytest.importorskip("anthropic")


@pytest.fixture
def sdk_message(sdk: Any) -> Callable[[object], Any]:
    """A reply as the SDK's `Message`, strictly: fields of the right types, and none that it does not know."""

    def validated(reply: object) -> Any:
        message = sdk.types.Message.model_validate(reply, strict=True)
        assert_known(message)
        return message

    return validated


@pytest.fixture
def sdk_stream(sdk: Any) -> Callable[[bytes], Any]:
    """The message that the SDK's own accumulation makes of a stream, every event validated strictly."""
    from anthropic.lib.streaming import _messages as accumulation
    from pydantic import TypeAdapter

    adapter: TypeAdapter[Any] = TypeAdapter(sdk.types.RawMessageStreamEvent)
    buffered = "json_bufs" in signature(accumulation.accumulate_event).parameters

    def told(stream: bytes) -> Any:
        snapshot = None
        buffers = {"json_bufs": dict[int, bytes]()} if buffered else {}
        for frame in stream.decode().split("\n\n")[:-1]:
            event = adapter.validate_json(frame.split("\ndata: ")[1], strict=True)
            snapshot = accumulation.accumulate_event(event=event, current_snapshot=snapshot, **buffers)
        return snapshot

    return told


def assert_known(model: Any) -> None:
    """No field of this model, or of one in it, is unknown to the SDK."""
    assert not model.model_extra, model.model_extra
    for name in type(model).model_fields:
        value = getattr(model, name)
        for each in value if isinstance(value, list) else [value]:
            if hasattr(each, "model_extra"):
                assert_known(each)
