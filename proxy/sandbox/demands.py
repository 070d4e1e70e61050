"""What `x-sandbox-*` request headers demand of the reply. A header that does not exist, or does not fit, is a 400."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from proxy.sandbox.api_error import ApiError

PREFIX = "x-sandbox-"
FAR = 86_400_000

Milliseconds = Annotated[float, Meta(ge=0, le=FAR)]

Finish = Literal["stop", "length", "tool_calls", "content_filter", "refusal", "pause"]


class Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One call of a tool."""

    name: str
    arguments: dict[str, Any] | str = {}
    """JSON, or a text, as it stands, for a tool that takes any text."""


class Citation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place that the text refers to."""

    url: str
    title: str = ""
    quote: str = ""


class Demands(msgspec.Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """One field per header: `latency_ms` is `x-sandbox-latency-ms`."""

    fault: str | None = None
    """A fault, whatever the model is called: `fault-429`, `fault-429@0.1`."""
    script: str | None = None
    """What befalls the first, second, … request of a session: `429,reset,ok`; the last goes on for ever."""
    session: str | None = None
    """Which session's script this is."""
    usage: str | None = None
    """The usage object to report, as JSON, word for word."""
    text: str | None = None
    """The text to answer. A JSON string, so that it can carry any character."""
    thinking: str | None = None
    """The reasoning to show. A JSON string; "redacted": what nobody may read, where the dialect has that."""
    calls: Annotated[tuple[Call, ...], Meta(max_length=128)] | None = None
    """The tools to call, in parallel, offered or not. JSON."""
    citations: tuple[Citation, ...] | None = None
    """What the text refers to. JSON."""
    finish: Finish | None = None
    """Why the reply ends."""
    stop_sequence: str | None = None
    """The stop sequence that ended it, where the dialect says which. A JSON string."""
    model: str | None = None
    """The model that the reply names."""
    chunks: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    """How many tokens, and so how many deltas of a stream, the reply has."""
    latency_ms: Milliseconds | None = None
    """Before the first byte."""
    chunk_gap_ms: Milliseconds | None = None
    """Between two frames; each is then a write of its own. Without it a stream goes out in one."""
    bytes: Annotated[int, Meta(ge=0)] | None = None
    """How much `fault-huge`, `fault-long-line` and `fault-gzip-bomb` send."""
    location: str | None = None
    """Where `fault-redirect` points."""
    retry_after: str | None = None
    """The `Retry-After` of any fault with an error status, sensible or not."""
    reset: str | None = None
    """What `fault-429-reset` says of when the limits are reset, in the place where the vendor says it."""

    without_usage: bool = False
    """Not for a header: `fault-no-usage`."""


NONE = Demands()
_TEXTS = ("text", "thinking", "stop-sequence")
_LISTS = ("calls", "citations")
_HEADERS = {name.replace("_", "-") for name in Demands.__struct_fields__} - {"without-usage"}


def read(controls: dict[str, str]) -> Demands:
    """Header names without their prefix, and values. Raises ApiError."""
    if not controls:
        return NONE
    if unknown := controls.keys() - _HEADERS:
        known = ", ".join(sorted(PREFIX + name for name in _HEADERS))
        raise ApiError(400, f"The sandbox knows no header {PREFIX}{min(unknown)}; it knows {known}.")
    try:
        given = {name: _decoded(name, value) for name, value in controls.items()}
        demands = msgspec.convert(given, Demands, strict=False)
        if demands.usage is not None:
            msgspec.json.decode(demands.usage, type=dict)
    except msgspec.DecodeError as error:
        raise ApiError(400, f"{PREFIX}*: {error}", code="invalid_value") from None
    return demands


def _decoded(name: str, value: str) -> object:
    if name in _TEXTS:
        return msgspec.json.decode(value, type=str)
    return msgspec.json.decode(value) if name in _LISTS else value
