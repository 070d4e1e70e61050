"""A chat completion as server-sent events: thoughts, text, then call after call; choices take turns.

Thoughts are `reasoning_content`, as DeepSeek and vLLM have them; OpenAI shows none.
"""

from typing import Any

import msgspec

from proxy.sandbox import logprobs
from proxy.sandbox.said import Call, Said

_encode = msgspec.json.encode


_UNLIKELY = b',"logprobs":null'


def frames(
    head: bytes,
    tail: bytes,
    choices: list[Said],
    call_ids: list[list[str]],
    annotations: list[list[dict[str, Any]]],
    likely: int | None,
) -> list[bytes]:
    """All frames with choices in them. `head` and `tail` are what a frame has around its choices."""
    found: list[list[bytes]] = []
    ends = []
    for index, (said, ids, notes) in enumerate(zip(choices, call_ids, annotations, strict=True)):
        opening, closing = head + b'{"index":%d,"delta":' % index, b',"finish_reason":null}' + tail
        found.append([opening + step + closing for step in _steps(said, ids, notes, likely)])
        ends.append(b'%b{}%b,"finish_reason":"%b"}%b' % (opening, _UNLIKELY, finish_reason(said).encode(), tail))
    return [*_in_turns(found), *ends]


def _in_turns(each: list[list[bytes]]) -> list[bytes]:
    if len(each) == 1:
        return each[0]
    longest = max(map(len, each))
    return [steps[position] for position in range(longest) for steps in each if position < len(steps)]


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


def _steps(said: Said, call_ids: list[str], annotations: list[dict[str, Any]], likely: int | None) -> list[bytes]:
    """Deltas as JSON, each with its logprobs."""
    calls_only = bool(said.calls) and not said.text
    content = None if calls_only or said.refused else ""
    first: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
    calls_at_once = calls_only and not said.thinking
    if calls_at_once:
        first["tool_calls"] = [{"index": 0} | call_object(said.calls[0], call_ids[0], "")]
    found = [_encode(first) + _UNLIKELY]
    found += [b'{"reasoning_content":%b},"logprobs":null' % _encode(piece) for piece in said.thinking]
    name = "refusal" if said.refused else "content"
    opening, closing = b'{"%b":' % name.encode(), b"}" + _UNLIKELY
    if likely is None:
        found += [opening + _encode(piece) + closing for piece in said.text]
    else:
        for place, piece in enumerate(said.text):
            known = {name: token_logprobs([piece], place, likely)}
            found.append(b'%b%b},"logprobs":%b' % (opening, _encode(piece), _encode(known)))
    if annotations:
        found.append(_encode({"annotations": annotations}) + _UNLIKELY)
    for index, call in enumerate(said.calls):
        if index or not calls_at_once:
            opened = {"index": index} | call_object(call, call_ids[index], "")
            found.append(_encode({"tool_calls": [opened]}) + _UNLIKELY)
        field, inner = (b"custom", b"input") if call.free_form else (b"function", b"arguments")
        opening = b'{"tool_calls":[{"index":%d,"%b":{"%b":' % (index, field, inner)
        found += [opening + _encode(piece) + b"}}]}" + _UNLIKELY for piece in call.pieces]
    return found
