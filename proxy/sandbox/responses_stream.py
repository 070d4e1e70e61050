"""A response as server-sent events, in the order that OpenAI documents, each with its sequence number.

Events: openai.types.responses.response_stream_event. There is no `[DONE]`: the stream ends with the response.
"""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import msgspec

from proxy.sandbox.responses_output import OutputItem, token_logprobs, wanted_logprobs
from proxy.sandbox.responses_request import ResponseAsked

Event = tuple[str, dict[str, Any]]
"""Type, without `response.`, and fields."""

_OBFUSCATION = "sandboxsandbox"


def events(asked: ResponseAsked, response: Callable[..., dict[str, Any]], items: list[OutputItem]) -> list[bytes]:
    """All frames. `response` gives the response object: as it is, or in a status."""
    obfuscated = bool(asked.stream_options and asked.stream_options.include_obfuscation)
    numbers = count()
    frames = []
    for kind, fields in _all(asked, response, items):
        name = f"response.{kind}"
        event = {"type": name, "sequence_number": next(numbers)} | fields
        if obfuscated and kind.endswith(".delta"):
            event["obfuscation"] = _OBFUSCATION[: 16 - len(fields["delta"]) % 16]
        frames.append(b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(event)))
    return frames


def _all(asked: ResponseAsked, response: Callable[..., dict[str, Any]], items: list[OutputItem]) -> Iterator[Event]:
    yield "created", {"response": response("in_progress")}
    yield "in_progress", {"response": response("in_progress")}
    for index, each in enumerate(items):
        said = _SAID[each.item["type"]](asked, each)
        yield "output_item.added", {"output_index": index, "item": next(said)[1]}
        for kind, fields in said:
            yield kind, {"item_id": each.item["id"], "output_index": index} | fields
        yield "output_item.done", {"output_index": index, "item": each.item}
    final = response()
    yield final["status"], {"response": final}


def _message(asked: ResponseAsked, each: OutputItem) -> Iterator[Event]:
    yield "", each.item | {"status": "in_progress", "content": []}
    (part,) = each.item["content"]
    at = {"content_index": 0}
    (pieces,) = each.pieces
    if part["type"] == "refusal":
        yield "content_part.added", at | {"part": part | {"refusal": ""}}
        for piece in pieces:
            yield "refusal.delta", at | {"delta": piece}
        yield "refusal.done", at | {"refusal": part["refusal"]}
    else:
        yield "content_part.added", at | {"part": part | {"annotations": [], "logprobs": [], "text": ""}}
        likely = wanted_logprobs(asked)
        for place, piece in enumerate(pieces):
            known = [] if likely is None else _without_bytes(token_logprobs([piece], place, likely))
            yield "output_text.delta", at | {"delta": piece, "logprobs": known}
        for index, annotation in enumerate(part["annotations"]):
            added = {"annotation_index": index, "annotation": annotation}
            yield "output_text.annotation.added", at | added
        yield "output_text.done", at | {"text": part["text"], "logprobs": _without_bytes(part["logprobs"])}
    yield "content_part.done", at | {"part": part}


def _without_bytes(logprobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events say tokens and their logarithms only."""
    return [
        {
            "token": each["token"],
            "logprob": each["logprob"],
            "top_logprobs": [{"token": top["token"], "logprob": top["logprob"]} for top in each["top_logprobs"]],
        }
        for each in logprobs
    ]


def _reasoning(_asked: ResponseAsked, each: OutputItem) -> Iterator[Event]:
    yield "", each.item | {"summary": []}
    for index, (part, pieces) in enumerate(zip(each.item["summary"], each.pieces, strict=True)):
        at = {"summary_index": index}
        yield "reasoning_summary_part.added", at | {"part": part | {"text": ""}}
        for piece in pieces:
            yield "reasoning_summary_text.delta", at | {"delta": piece}
        yield "reasoning_summary_text.done", at | {"text": part["text"]}
        yield "reasoning_summary_part.done", at | {"part": part}


def _function_call(_asked: ResponseAsked, each: OutputItem) -> Iterator[Event]:
    yield "", each.item | {"status": "in_progress", "arguments": ""}
    for piece in each.pieces[0]:
        yield "function_call_arguments.delta", {"delta": piece}
    yield "function_call_arguments.done", {"arguments": each.item["arguments"]}


def _custom_tool_call(_asked: ResponseAsked, each: OutputItem) -> Iterator[Event]:
    yield "", each.item | {"input": ""}
    for piece in each.pieces[0]:
        yield "custom_tool_call_input.delta", {"delta": piece}
    yield "custom_tool_call_input.done", {"input": each.item["input"]}


_SAID: dict[str, Callable[[ResponseAsked, OutputItem], Iterator[Event]]] = {
    "message": _message,
    "reasoning": _reasoning,
    "function_call": _function_call,
    "custom_tool_call": _custom_tool_call,
}
"""The item as it is added, then what is said of it."""
