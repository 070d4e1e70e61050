"""What apps read in a stream, each dialect by its vendor's reference, with json alone.

Chat and Completions: developers.openai.com/api/reference/resources/chat/subresources/completions/streaming-events;
Responses: …/resources/responses/streaming-events; Messages: platform.claude.com/docs/en/build-with-claude/streaming.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

Json = dict[str, Any]


class Heard(NamedTuple):
    """A stream put together. The counts are those of the deltas, so that nobody can send all of it at once."""

    text: str = ""
    thoughts: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    """Names and arguments, as they were written."""
    finish: str = ""
    usage: tuple[int, int] = (0, 0)
    """Tokens in and out."""


def payloads(stream: bytes) -> list[Json | str]:
    """The data of each frame; `[DONE]` as it is. Frames end in a blank line, all of them."""
    assert stream.endswith(b"\n\n") or not stream, stream[-100:]
    found: list[Json | str] = []
    for frame in stream.split(b"\n\n")[:-1]:
        lines = frame.split(b"\n")
        data = [line.removeprefix(b"data: ") for line in lines if line.startswith(b"data: ")]
        assert len(data) == 1, f"one line of data in {frame!r}"
        if data == [b"[DONE]"]:
            found.append("[DONE]")
            continue
        said = json.loads(data[0])
        if lines[0].startswith(b"event: "):
            assert lines[0] == b"event: " + said["type"].encode()
        found.append(said)
    return found


def _events(stream: bytes) -> list[Json]:
    return [said for said in payloads(stream) if isinstance(said, dict)]


def _chat(stream: bytes) -> Heard:
    assert payloads(stream)[-1] == "[DONE]"
    text, thoughts, finish, usage = "", "", "", (0, 0)
    calls: dict[int, tuple[str, str]] = {}
    for chunk in _events(stream):
        if chunk.get("usage"):
            usage = chunk["usage"]["prompt_tokens"], chunk["usage"]["completion_tokens"]
        for choice in chunk["choices"]:
            delta = choice["delta"]
            text += delta.get("content") or ""
            thoughts += delta.get("reasoning_content") or ""
            finish = choice["finish_reason"] or finish
            for call in delta.get("tool_calls", ()):
                name, arguments = calls.get(call["index"], ("", ""))
                said = call["function"]
                calls[call["index"]] = name + said.get("name", ""), arguments + said["arguments"]
    return Heard(text, thoughts, tuple(calls[at] for at in sorted(calls)), finish, usage)


def _completions(stream: bytes) -> Heard:
    assert payloads(stream)[-1] == "[DONE]"
    text, finish, usage = "", "", (0, 0)
    for chunk in _events(stream):
        if chunk.get("usage"):
            usage = chunk["usage"]["prompt_tokens"], chunk["usage"]["completion_tokens"]
        for choice in chunk["choices"]:
            text += choice["text"]
            finish = choice["finish_reason"] or finish
    return Heard(text=text, finish=finish, usage=usage)


def _messages(stream: bytes) -> Heard:
    events = _events(stream)
    assert [event["type"] for event in events[-2:]] == ["message_delta", "message_stop"]
    blocks: list[Json] = []
    for event in events:
        if event["type"] == "content_block_start":
            assert event["index"] == len(blocks)
            blocks.append({**event["content_block"], "input": ""})
        elif event["type"] == "content_block_delta":
            delta = event["delta"]
            for said, field in (("text", "text"), ("thinking", "thinking"), ("partial_json", "input")):
                if said in delta:
                    blocks[event["index"]][field] += delta[said]
    used = events[-2]["usage"]
    return Heard(
        "".join(block["text"] for block in blocks if block["type"] == "text"),
        "".join(block["thinking"] for block in blocks if block["type"] == "thinking"),
        tuple((block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"),
        events[-2]["delta"]["stop_reason"],
        (
            used["input_tokens"] + used["cache_creation_input_tokens"] + used["cache_read_input_tokens"],
            used["output_tokens"],
        ),
    )


def _responses(stream: bytes) -> Heard:
    events = _events(stream)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[-1]["type"] in ("response.completed", "response.incomplete")
    said = {"output_text": "", "reasoning_summary_text": ""}
    arguments: dict[int, str] = {}
    for event in events:
        kind, _, what = event["type"].removeprefix("response.").partition(".")
        if what == "delta" and kind in said:
            said[kind] += event["delta"]
        elif what == "delta":
            arguments[event["output_index"]] = arguments.get(event["output_index"], "") + event["delta"]
    end = events[-1]["response"]
    repeated = [item for item in end["output"] if item["type"] == "function_call"]
    assert [item["arguments"] for item in repeated] == [arguments[at] for at in sorted(arguments)]
    assert said["output_text"] == _joined(end["output"], "message", "content")
    assert said["reasoning_summary_text"] == _joined(end["output"], "reasoning", "summary")
    return Heard(
        said["output_text"],
        said["reasoning_summary_text"],
        tuple((item["name"], item["arguments"]) for item in repeated),
        end["status"],
        (end["usage"]["input_tokens"], end["usage"]["output_tokens"]),
    )


def _joined(output: list[Json], kind: str, field: str) -> str:
    return "".join(part["text"] for item in output if item["type"] == kind for part in item[field])


_HEAR: dict[str, Callable[[bytes], Heard]] = {
    "chat": _chat,
    "completions": _completions,
    "messages": _messages,
    "responses": _responses,
}


def heard(caller: str, stream: bytes) -> Heard:
    """A good stream, as an app of this dialect reads it. Raises AssertionError for one that is not well formed."""
    return _HEAR[caller](stream)
