"""What counts of Converse's replies and events, as typed structs."""

from typing import Any

import msgspec

from proxy.canonical.parts import Citation

NOTHING = msgspec.Raw()
"""A raw field that is not there."""


class ToolUse(msgspec.Struct, rename="camel", gc=False):
    """Whole, its start, or more of its input."""

    tool_use_id: str = ""
    name: str = ""
    input: msgspec.Raw = NOTHING
    type: str | None = None
    """`server_tool_use`: AWS runs it itself."""


class ReasoningText(msgspec.Struct, gc=False):
    text: str = ""
    signature: str | None = None


class ReasoningContent(msgspec.Struct, rename="camel", gc=False):
    """Whole, or more of it."""

    reasoning_text: ReasoningText | None = None
    redacted_content: str | None = None
    text: str | None = None
    signature: str | None = None


class _Words(msgspec.Struct, gc=False):
    text: str = ""


class _Web(msgspec.Struct, gc=False):
    url: str | None = None


class _InDocument(msgspec.Struct, rename="camel", gc=False):
    document_index: int | None = None


class _Location(msgspec.Struct, rename="camel", gc=False):
    web: _Web | None = None
    document_char: _InDocument | None = None
    document_page: _InDocument | None = None
    document_chunk: _InDocument | None = None


class Source(msgspec.Struct, rename="camel", gc=False):
    """A citation. Its positions are those of the source, not of the text that it supports."""

    title: str | None = None
    source: str | None = None
    source_content: list[_Words] | None = None
    location: _Location | None = None

    def citation(self) -> Citation:
        place = self.location or _Location()
        inside = place.document_char or place.document_page or place.document_chunk
        url = place.web.url if place.web else None
        return Citation(
            url=url or (self.source if self.source and "://" in self.source else None),
            title=self.title,
            quote="".join(each.text for each in self.source_content or ()) or None,
            document=inside.document_index if inside else None,
        )


class CitationsContent(msgspec.Struct, gc=False):
    content: list[_Words] | None = None
    citations: list[Source] | None = None

    @property
    def text(self) -> str:
        return "".join(each.text for each in self.content or ())


class ContentBlock(msgspec.Struct, rename="camel", gc=False):
    """Pictures, and tools that AWS runs itself, have no place in the canonical form: they are skipped."""

    text: str | None = None
    tool_use: ToolUse | None = None
    reasoning_content: ReasoningContent | None = None
    citations_content: CitationsContent | None = None


class Message(msgspec.Struct, gc=False):
    content: list[ContentBlock] = []


class Output(msgspec.Struct, gc=False):
    message: Message | None = None


class Tier(msgspec.Struct, gc=False):
    type: str | None = None


class ResponseFields(msgspec.Struct, gc=False):
    """What `additionalModelResponseFieldPaths` asked for."""

    stop_sequence: str | None = None


class Reply(msgspec.Struct, rename="camel", gc=False):
    output: Output
    stop_reason: str
    usage: Any = None
    service_tier: Tier | None = None
    additional_model_response_fields: ResponseFields | None = None


class Start(msgspec.Struct, rename="camel", gc=False):
    tool_use: ToolUse | None = None


class BlockStart(msgspec.Struct, rename="camel", gc=False):
    start: Start
    content_block_index: int = 0


class Delta(msgspec.Struct, rename="camel", gc=False):
    text: str | None = None
    tool_use: ToolUse | None = None
    reasoning_content: ReasoningContent | None = None
    citation: Source | None = None


class BlockDelta(msgspec.Struct, rename="camel", gc=False):
    delta: Delta
    content_block_index: int = 0


class BlockStop(msgspec.Struct, rename="camel", gc=False):
    content_block_index: int = 0


class MessageStop(msgspec.Struct, rename="camel", gc=False):
    stop_reason: str
    additional_model_response_fields: ResponseFields | None = None


class Metadata(msgspec.Struct, rename="camel", gc=False):
    usage: Any = None
    service_tier: Tier | None = None


class StreamEvent(msgspec.Struct, rename="camel", gc=False):
    """One message of the event stream, under its name. Exceptions are read apart: they end it."""

    message_start: dict[str, Any] | None = None
    content_block_start: BlockStart | None = None
    content_block_delta: BlockDelta | None = None
    content_block_stop: BlockStop | None = None
    message_stop: MessageStop | None = None
    metadata: Metadata | None = None


decode_reply = msgspec.json.Decoder(Reply).decode
decode_event = msgspec.json.Decoder(StreamEvent).decode
