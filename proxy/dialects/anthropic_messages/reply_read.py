"""Whole replies of Anthropic. Blocks that are not known here (tools that Anthropic runs itself) are skipped."""

from typing import Any

import msgspec

from gatewatch.usage import anthropic
from proxy.canonical.answer import Answer, Choice, Usage
from proxy.canonical.parts import Citation, Declined, Part, Reasoning, Text, ToolCall
from proxy.dialects.anthropic_messages.citations import read_citation
from proxy.dialects.anthropic_messages.provider_errors import error_in
from proxy.dialects.anthropic_messages.vocabulary import DIALECT, FINISHES
from proxy.dialects.provider_error import NotThisDialect


class Block(msgspec.Struct):
    """A content block, whichever it is: of a reply, or as it starts in a stream."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    name: str | None = None
    input: Any = None
    citations: Any = None


class _Message(msgspec.Struct):
    type: str = ""
    id: str | None = None
    model: str | None = None
    content: list[msgspec.Raw] | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: Any = None
    usage: Any = None
    error: Any = None


_decode = msgspec.json.Decoder(_Message).decode
_decode_block = msgspec.json.Decoder(Block).decode
KNOWN = frozenset({"text", "thinking", "redacted_thinking", "tool_use"})
"""Types of blocks that are read; another may have other fields of the same names."""


def read_reply(body: bytes) -> Answer:
    """Raises ProviderError (an error with status 200), NotThisDialect."""
    try:
        message = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotThisDialect(str(error)) from None
    if message.error is not None:
        raise error_in(message.error)
    if message.content is None:
        raise NotThisDialect("no message")
    parts = [part for raw in message.content if (part := _part(raw))]
    if said := declined(message.stop_details):
        parts.append(Declined(text=said))
    return Answer(
        choices=[
            Choice(
                parts=parts,
                finish=FINISHES.get(message.stop_reason or "", "stop"),
                stop_sequence=message.stop_sequence,
            )
        ],
        usage=usage_said(message.usage),
        id=message.id,
        model=message.model,
        service_tier=anthropic.tier(message.usage),
    )


def usage_said(usage: object) -> Usage:
    tokens, searches = anthropic.read(usage), anthropic.searches(usage)
    return Usage(raw=usage, tokens=tokens, searches=searches, details=anthropic.details(usage))


def declined(details: object) -> str | None:
    """Why the model refused, where `stop_details` says it."""
    said = details.get("explanation") if isinstance(details, dict) else None
    return said if isinstance(said, str) and said else None


def arguments_of(given: object) -> str:
    return msgspec.json.encode(given).decode() if given else "{}"


def type_in(said: object) -> str | None:
    """The `type` of a block, a delta or an event."""
    kind = said.get("type") if isinstance(said, dict) else None
    return kind if isinstance(kind, str) else None


def _part(raw: msgspec.Raw) -> Part | None:
    try:
        block = _decode_block(raw)
    except msgspec.ValidationError as error:
        if type_in(msgspec.json.decode(raw)) not in KNOWN:
            return None
        raise NotThisDialect(str(error)) from None
    if block.type == "text":
        text = block.text or ""
        return Text(text=text, citations=_citations(block.citations, len(text))) if text else None
    if block.type == "thinking":
        signature = block.signature or None
        return Reasoning(text=block.thinking or "", signature=signature, origin=DIALECT if signature else None)
    if block.type == "redacted_thinking" and block.data:
        return Reasoning(signature=block.data, redacted=True, origin=DIALECT)
    if block.type == "tool_use":
        return ToolCall(id=block.id or "", name=block.name or "", arguments=arguments_of(block.input))
    return None


def _citations(said: object, end: int) -> list[Citation]:
    return [found for native in said if (found := read_citation(native, end))] if isinstance(said, list) else []
