"""Content blocks of a request → parts.

Keeps true: a block without a part of its own kind goes to `others` under its place, whole. Signatures of other
dialects come back with the name of their maker; one of a tool call stands in the block before it.
"""

from typing import Any

import msgspec

from proxy.canonical.parts import (
    CacheMark,
    Citation,
    File,
    Image,
    Part,
    Reasoning,
    Source,
    Text,
    ToolCall,
    ToolResult,
)
from proxy.canonical.signatures import unwrap
from proxy.dialects.anthropic_messages.citations import read_citation
from proxy.dialects.anthropic_messages.fields import invalid, text
from proxy.dialects.anthropic_messages.vocabulary import DIALECT

_SIGNERS_OF_CALLS = frozenset({"gemini"})
"""Dialects that sign tool calls."""


class BlocksReader:
    """The blocks of one request, in order: results know the name of the tool that was called before them."""

    def __init__(self, others: dict[str, Any]) -> None:
        self.others = others
        self._names: dict[str, str] = {}
        """Id of a call → its tool."""

    def text_parts(self, content: object, at: str) -> list[Part]:
        """Of instructions: a string, or text blocks."""
        return [each for each in self.parts(content, at) if self._is_text(each, at)]

    def parts(self, content: object, at: str) -> list[Part]:
        """Raises Refusal for what is no content at all."""
        if isinstance(content, str):
            return [Text(text=content)] if content else []
        if not isinstance(content, list):
            raise invalid(at, "a string or a list of blocks")
        parts: list[Part] = []
        for place, block in enumerate(content):
            here = f"{at}[{place}]"
            if not isinstance(block, dict):
                raise invalid(here, "a block")
            read = self._block(block, here)
            if len(read) == 1 and isinstance(read[0], ToolCall) and parts and _signs_call(parts[-1]):
                signed = parts.pop()
                assert isinstance(signed, Reasoning)
                read[0].signature, read[0].origin = signed.signature, signed.origin
            parts.extend(read)
        return parts

    def _is_text(self, part: Part, at: str) -> bool:
        if isinstance(part, Text):
            return True
        raise invalid(at, "text")

    def _block(self, block: dict[str, Any], at: str) -> list[Part]:
        kind, mark = block.get("type"), cache_mark(block)
        if kind == "text":
            return [Text(text=_needed(block, "text", at), citations=_citations(block), cache=mark)]
        if kind == "image":
            if block.get("transformations"):
                self.others[f"{at}.transformations"] = block["transformations"]
            return [Image(source=_source(block.get("source"), f"{at}.source"), cache=mark)]
        if kind == "document":
            return self._document(block, at)
        if kind == "search_result":
            parts = self.text_parts(block.get("content"), f"{at}.content")
            source = Source(text=_joined(parts), media_type="text/plain")
            name, context = _needed(block, "title", at), _needed(block, "source", at)
            return [File(source=source, name=name, context=context, cite=_cites(block), cache=mark)]
        if kind == "tool_use" and not block.get("toolset_name"):
            given = block.get("input")
            if not isinstance(given, dict):
                raise invalid(f"{at}.input", "an object")
            call = ToolCall(
                id=_needed(block, "id", at),
                name=_needed(block, "name", at),
                arguments=msgspec.json.encode(given).decode(),
                cache=mark,
            )
            self._names[call.id] = call.name
            return [call]
        if kind == "tool_result" and not block.get("toolset_name"):
            return [self._result(block, at)]
        if kind == "thinking":
            signature, origin = _opened(text(block, "signature", f"{at}.signature"))
            return [Reasoning(text=_needed(block, "thinking", at), signature=signature, origin=origin)]
        if kind == "redacted_thinking":
            signature, origin = _opened(_needed(block, "data", at))
            return [Reasoning(signature=signature, origin=origin, redacted=True)]
        self.others[at] = block
        return []

    def _document(self, block: dict[str, Any], at: str) -> list[Part]:
        """A document of blocks is one text, unless there are pictures in it: then it is its blocks."""
        source, mark = block.get("source"), cache_mark(block)
        title, context = text(block, "title", f"{at}.title"), text(block, "context", f"{at}.context")
        cite = _cites(block)
        if isinstance(source, dict) and source.get("type") == "content":
            parts = self.parts(source.get("content"), f"{at}.source.content")
            if any(not isinstance(part, Text) for part in parts):
                if cite:
                    self.others[f"{at}.citations"] = block["citations"]
                introduced: list[Part] = [Text(text=said) for said in (title, context) if said]
                return introduced + parts
            whole = Source(text=_joined(parts), media_type="text/plain")
        else:
            whole = _source(source, f"{at}.source")
        return [File(source=whole, name=title, context=context, cite=cite, cache=mark)]

    def _result(self, block: dict[str, Any], at: str) -> ToolResult:
        call_id, content = _needed(block, "tool_use_id", at), block.get("content")
        parts: list[Text | Image | File] = []
        for part in self.parts(content, f"{at}.content") if content is not None else []:
            if not isinstance(part, Text | Image | File):
                raise invalid(f"{at}.content", "text, images and documents")
            parts.append(part)
        return ToolResult(
            call_id=call_id,
            name=self._names.get(call_id),
            parts=parts,
            is_error=block.get("is_error") is True,
            cache=cache_mark(block),
        )


def cache_mark(block: dict[str, Any]) -> CacheMark | None:
    mark = block.get("cache_control")
    if not isinstance(mark, dict):
        return None
    ttl = mark.get("ttl")
    return CacheMark(ttl=ttl if isinstance(ttl, str) else None)


def _source(source: object, at: str) -> Source:
    if not isinstance(source, dict):
        raise invalid(at, "an object")
    kind = source.get("type")
    if kind == "base64":
        return Source(data=_needed(source, "data", at), media_type=_needed(source, "media_type", at))
    if kind == "url":
        return Source(url=_needed(source, "url", at))
    if kind == "file":
        return Source(file_id=_needed(source, "file_id", at), kept_by="anthropic")
    if kind == "text":
        return Source(text=_needed(source, "data", at), media_type="text/plain")
    raise invalid(f"{at}.type", "'base64', 'url', 'file' or 'text'")


def _needed(block: dict[str, Any], name: str, at: str) -> str:
    value = block.get(name)
    if isinstance(value, str):
        return value
    raise invalid(f"{at}.{name}", "a string")


def _citations(block: dict[str, Any]) -> list[Citation]:
    said = block.get("citations")
    return [found for native in said if (found := read_citation(native))] if isinstance(said, list) else []


def _cites(block: dict[str, Any]) -> bool:
    config = block.get("citations")
    return isinstance(config, dict) and config.get("enabled") is True


def _joined(parts: list[Part]) -> str:
    return "\n".join(part.text for part in parts if isinstance(part, Text))


def _opened(signature: str | None) -> tuple[str | None, str | None]:
    """A signature and its maker."""
    if not signature:
        return None, None
    wrapped = unwrap(signature)
    if wrapped is None:
        return signature, DIALECT
    return (wrapped[1], wrapped[0]) if wrapped[1] else (None, None)


def _signs_call(part: Part) -> bool:
    return isinstance(part, Reasoning) and part.redacted and part.origin in _SIGNERS_OF_CALLS
