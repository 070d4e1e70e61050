"""A chat completion as server-sent events: thoughts, text, then call after call; choices take turns.

Thoughts are `reasoning_content`, as DeepSeek and vLLM have them; OpenAI shows none.
"""

from typing import Any, NamedTuple

import msgspec

from proxy.sandbox import logprobs
from proxy.sandbox.said import Call, Said

_encode = msgspec.json.encode


class Delta(NamedTuple):
    """One step of a choice, as JSON."""

    delta: bytes
    logprobs: bytes = b"null"


def frames(
    head: bytes,
    tail: bytes,
    choices: list[Said],
    call_ids: list[list[str]],
    annotations: list[list[dict[str, Any]]],
    likely: int | None,
) -> list[bytes]:
    """All frames with choices in them. `head` and `tail` are what a frame has around its choices."""
    steps = [_steps(said, ids, notes, likely) for said, ids, notes in zip(choices, call_ids, annotations, strict=True)]
    found = []
    for position in range(max(map(len, steps))):
        for index, each in enumerate(steps):
            if position < len(each):
                found.append(head + _choice(index, each[position], b"null") + tail)
    for index, said in enumerate(choices):
        found.append(head + _choice(index, Delta(b"{}"), b'"%s"' % finish_reason(said).encode()) + tail)
    return found


def finish_reason(said: Said) -> str:
    """A refusal is an end like any other."""
    return "stop" if said.finish == "refusal" else said.finish


def call_object(call: Call, identity: str, arguments: str) -> dict[str, Any]:
    """One entry of `tool_calls`, with so much of its arguments."""
    if call.free_form:
        return {"id": identity, "type": "custom", "custom": {"name": call.name, "input": arguments}}
    return {"id": identity, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def token_logprobs(pieces: list[str], first: int, count: int) -> list[dict[str, Any]]:
    """Of tokens that begin with the `first` of the text, each with its `count` likeliest."""
    return [
        _logprob(logprobs.chosen(piece, place))
        | {"top_logprobs": [_logprob(each) for each in logprobs.likeliest(piece, place, count)]}
        for place, piece in enumerate(pieces, first)
    ]


def _logprob(token: logprobs.TokenLogprob) -> dict[str, Any]:
    return {"token": token.token, "logprob": token.logprob, "bytes": token.bytes}


def _choice(index: int, step: Delta, reason: bytes) -> bytes:
    return b'{"index":%d,"delta":%s,"logprobs":%s,"finish_reason":%s}' % (index, step.delta, step.logprobs, reason)


def _steps(said: Said, call_ids: list[str], annotations: list[dict[str, Any]], likely: int | None) -> list[Delta]:
    calls_only = bool(said.calls) and not said.text
    first: dict[str, Any] = {
        "role": "assistant",
        "content": None if calls_only or said.refused else "",
        "refusal": None,
    }
    calls_at_once = calls_only and not said.thinking
    if calls_at_once:
        first["tool_calls"] = [{"index": 0} | call_object(said.calls[0], call_ids[0], "")]
    found = [Delta(_encode(first))]
    found += [Delta(b'{"reasoning_content":%s}' % _encode(piece)) for piece in said.thinking]
    name = b"refusal" if said.refused else b"content"
    for place, piece in enumerate(said.text):
        delta = b'{"%s":%s}' % (name, _encode(piece))
        if likely is None:
            found.append(Delta(delta))
        else:
            found.append(Delta(delta, _encode({name.decode(): token_logprobs([piece], place, likely)})))
    if annotations:
        found.append(Delta(_encode({"annotations": annotations})))
    for index, call in enumerate(said.calls):
        if index or not calls_at_once:
            opened = {"index": index} | call_object(call, call_ids[index], "")
            found.append(Delta(_encode({"tool_calls": [opened]})))
        form = b'"custom":{"input":%s}' if call.free_form else b'"function":{"arguments":%s}'
        for piece in call.pieces:
            found.append(Delta(b'{"tool_calls":[{"index":%d,%s}]}' % (index, form % _encode(piece))))
    return found
