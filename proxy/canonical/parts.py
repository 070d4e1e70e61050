"""Parts of a turn: what a person or a model says in one breath."""

from typing import Any

import msgspec


class CacheMark(msgspec.Struct):
    """The prompt up to here may be cached. A hint: where a provider caches by itself, nothing is lost without it."""

    ttl: str | None = None
    """`5m` or `1h`; None: the provider's usual."""


class Source(msgspec.Struct, kw_only=True):
    """Where an image's or a file's content is: exactly one of `url`, `data`, `file_id` and `text` is set."""

    url: str | None = None
    data: str | None = None
    """Base64, without a `data:` prefix."""
    media_type: str | None = None
    """Always known where there is `data`."""
    file_id: str | None = None
    """The name a provider gave it: it means something to that provider alone."""
    kept_by: str | None = None
    """Whose name it is: `openai`, `anthropic`."""
    text: str | None = None


class Citation(msgspec.Struct, kw_only=True):
    """Where a piece of text comes from. Positions are characters of the text that it supports."""

    url: str | None = None
    title: str | None = None
    quote: str | None = None
    """The words of the source."""
    start: int | None = None
    end: int | None = None
    document: int | None = None
    """Which of the request's files, from 0."""
    native: dict[str, Any] | None = None
    """As the provider said it, for a caller that speaks its dialect's kin."""


class Text(msgspec.Struct, kw_only=True):
    text: str
    citations: list[Citation] = []
    cache: CacheMark | None = None


class Image(msgspec.Struct, kw_only=True):
    source: Source
    detail: str | None = None
    """`low`, `high`, `auto`, or as a dialect names it."""
    cache: CacheMark | None = None


class File(msgspec.Struct, kw_only=True):
    """A document: PDF, plain text."""

    source: Source
    name: str | None = None
    context: str | None = None
    cite: bool = False
    """Whether the reply shall cite it."""
    cache: CacheMark | None = None


class Audio(msgspec.Struct, kw_only=True):
    data: str
    """Base64."""
    format: str
    """`wav`, `mp3`, …"""


class Reasoning(msgspec.Struct, kw_only=True):
    """What a model thought. Its signature (or encrypted content) is good for the dialect that made it alone."""

    text: str = ""
    signature: str | None = None
    redacted: bool = False
    """The signature is all there is: the text is encrypted in it."""
    id: str | None = None
    origin: str | None = None
    """The dialect whose provider signed it; None: not signed."""


class ToolCall(msgspec.Struct, kw_only=True):
    id: str
    name: str
    arguments: str
    """JSON, or free text where `free` is set."""
    free: bool = False
    """A call of a tool that takes text instead of JSON (OpenAI's custom tools)."""
    signature: str | None = None
    """Gemini's thought signature, which must come back with the call."""
    origin: str | None = None
    """The dialect that signed it."""
    cache: CacheMark | None = None


class ToolResult(msgspec.Struct, kw_only=True):
    call_id: str
    name: str | None = None
    """The tool's name, where the dialect says it or the call stood before it."""
    parts: list["Text | Image | File"] = []
    is_error: bool = False
    free: bool = False
    cache: CacheMark | None = None


class Declined(msgspec.Struct, kw_only=True):
    """The model says why it does not answer (OpenAI's `refusal`)."""

    text: str


Part = Text | Image | File | Audio | Reasoning | ToolCall | ToolResult | Declined
