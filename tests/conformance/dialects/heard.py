"""What a caller hears, whatever dialect it speaks: a reply or an error, and the frames of a stream."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Json = dict[str, Any]


class Usage(NamedTuple):
    """Tokens: `input` with what came from the cache, `output` with the reasoning in it."""

    input: int
    cached: int
    output: int
    reasoning: int


class Heard(NamedTuple):
    """A reply, as its caller reads it."""

    id: str
    model: str
    finish: str
    """In the caller's own word."""
    texts: list[str]
    """One for each choice."""
    thoughts: str = ""
    refusal: str = ""
    calls: tuple[tuple[str, Any], ...] = ()
    """Names and arguments: an object, or free text."""
    call_ids: tuple[str, ...] = ()
    stop_sequence: str | None = None
    citations: tuple[tuple[str, str], ...] = ()
    """Address and title."""
    logprobs: tuple[tuple[str, int], ...] = ()
    """Tokens, each with the number of its alternatives."""
    usage: Usage | None = None


class Frame(NamedTuple):
    """One event of a stream."""

    event: str | None
    data: Json | str


class Streamed(NamedTuple):
    """A stream, put together."""

    reply: Json
    """As the plain reply would be."""
    text_deltas: int
    argument_deltas: int
    thought_deltas: int


class Fault(NamedTuple):
    """An error, as its caller reads it."""

    type: str
    code: str | None
    message: str
    param: str | None
    """Named by the error object, or at the head of the message where the dialect has no field for it."""


class Caller(NamedTuple):
    """One dialect that apps speak."""

    id: str
    title: str
    path: str
    key_header: Callable[[str], dict[str, str]]
    base: Json
    """What every request has."""
    asks: Mapping[str, Json]
    """Feature → what the request has for it."""
    unsaid: Mapping[str, str]
    """Feature → why this dialect cannot say it."""
    params: Mapping[str, str]
    """Feature → the parameter that a refusal names."""
    finishes: Mapping[str, str]
    """Feature → the caller's word for how it ends; what is not here ends with the first."""
    error_types: Mapping[int, str]
    """Status → the type that an error of it has."""
    hear: Callable[[Json], Heard]
    assemble: Callable[[list[Frame]], Streamed]
    """A whole stream, its order and its end checked."""
    broken: Callable[[list[Frame]], Json]
    """The error that ends a stream which broke."""
    fault: Callable[[Json], Fault]
    answers: Callable[[Json, str], Json]
    """What the next request has: the reply sent back, with the result of its first call."""
    reply_id: str
    """How the ids of replies begin."""


def frames_of(stream: bytes) -> list[Frame]:
    """Cut at blank lines, as the standard has it; comments are left out."""
    text = stream.decode()
    assert text.endswith("\n\n"), f"the last frame is not whole: {text[-200:]!r}"
    frames = []
    for block in text.split("\n\n"):
        fields = [line.partition(": ")[::2] for line in block.splitlines() if line and not line.startswith(":")]
        if not fields:
            continue
        said = dict(fields)
        assert len(said) == len(fields), f"a field twice in one frame: {block!r}"
        assert said.keys() <= {"event", "data"}, f"unknown fields in {block!r}"
        data = said["data"]
        frames.append(Frame(said.get("event"), data if data == "[DONE]" else json.loads(data)))
    return frames


def payload(frame: Frame) -> Json:
    assert isinstance(frame.data, dict), f"{frame} has no object"
    return frame.data


_SEALED = ("signature", "data", "encrypted_content", "thought_signature")


def seals_of(reply: Any) -> set[str]:
    """What only a provider can read of its reply, without the name of its maker that the gateway puts before it."""
    if isinstance(reply, list):
        return {seal for each in reply for seal in seals_of(each)}
    if not isinstance(reply, dict):
        return set()
    found = {seal for each in reply.values() for seal in seals_of(each)}
    own = {value.rpartition(".")[2] for name in _SEALED if isinstance(value := reply.get(name), str)}
    return found | (own - {""})
