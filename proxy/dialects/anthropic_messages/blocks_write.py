"""Parts → content blocks of a request to Anthropic.

What cannot be carried is refused rather than dropped: a prompt without a picture that stood in it is another prompt.
Thoughts go back to their own maker only, and their absence is no loss; what an earlier reply cited is not said again.
"""

import base64
import re
from typing import Any

import msgspec

from proxy.canonical.losses import Losses
from proxy.canonical.parts import Audio, CacheMark, Declined, File, Image, Part, Reasoning, Text, ToolCall, ToolResult
from proxy.dialects.anthropic_messages.vocabulary import DIALECT

_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")
"""Anthropic takes `^[a-zA-Z0-9_-]+$`; other providers' ids have dots and colons."""

_read_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class BlocksWriter:
    def __init__(self, losses: Losses, *, images: bool) -> None:
        self._losses = losses
        self._images = images

    def blocks(self, parts: list[Part], *, assistant: bool) -> list[dict[str, Any]]:
        """Raises Refusal."""
        return [block for part in parts if (block := self._block(part, assistant=assistant)) is not None]

    def _block(self, part: Part, *, assistant: bool) -> dict[str, Any] | None:
        if isinstance(part, Text):
            return {"type": "text", "text": part.text, **_mark(part.cache)}
        if isinstance(part, Image):
            return self._image(part)
        if isinstance(part, File):
            return self._file(part)
        if isinstance(part, ToolCall):
            return self._call(part) if assistant else self._losses.refuse("turns", "a user cannot call tools")
        if isinstance(part, ToolResult):
            return self._result(part)
        if isinstance(part, Reasoning):
            return _thought(part) if assistant else None
        if isinstance(part, Declined):
            return {"type": "text", "text": part.text} if part.text.strip() else None
        assert isinstance(part, Audio)
        return self._losses.refuse("turns", "it takes no sound")

    def _image(self, image: Image) -> dict[str, Any]:
        if not self._images:
            self._losses.refuse("turns", "it takes no images")
        if image.detail not in (None, "auto"):
            self._losses.lose("detail", "its images have no level of detail")
        source = image.source
        if source.file_id is not None:
            self._losses.refuse("turns", "an image is kept by another provider")
        if source.url is not None:
            return {"type": "image", "source": {"type": "url", "url": source.url}, **_mark(image.cache)}
        if source.media_type not in _IMAGES:
            self._losses.refuse("turns", f"it takes no images of type {source.media_type!r}")
        held = {"type": "base64", "media_type": source.media_type, "data": source.data}
        return {"type": "image", "source": held, **_mark(image.cache)}

    def _file(self, file: File) -> dict[str, Any]:
        block = {"type": "document", "source": self._document(file)}
        if file.name:
            block["title"] = file.name
        if file.context:
            block["context"] = file.context
        if file.cite:
            block["citations"] = {"enabled": True}
        return block | _mark(file.cache)

    def _document(self, file: File) -> dict[str, Any]:
        source = file.source
        if source.file_id is not None:
            self._losses.refuse("turns", "a file is kept by another provider")
        if source.url is not None:
            return {"type": "url", "url": source.url}
        if source.text is not None:
            return {"type": "text", "media_type": "text/plain", "data": source.text}
        if source.media_type == "application/pdf":
            return {"type": "base64", "media_type": "application/pdf", "data": source.data}
        kind = (source.media_type or "").partition(";")[0]
        if kind.startswith("text/") or kind == "application/json":
            try:
                text = base64.b64decode(source.data or "", validate=True).decode()
            except ValueError:  # no base64, or no UTF-8 in it
                self._losses.refuse("turns", f"a file of type {kind!r} is no UTF-8 in base64")
            return {"type": "text", "media_type": "text/plain", "data": text}
        return self._losses.refuse("turns", f"it takes no files of type {source.media_type!r}")

    def _call(self, call: ToolCall) -> dict[str, Any]:
        given = {"input": call.arguments} if call.free else _arguments(call)
        return {"type": "tool_use", "id": _id(call.id), "name": call.name, "input": given, **_mark(call.cache)}

    def _result(self, result: ToolResult) -> dict[str, Any]:
        parts: list[Part] = [part for part in result.parts if not isinstance(part, Text) or part.text.strip()]
        block: dict[str, Any] = {"type": "tool_result", "tool_use_id": _id(result.call_id)}
        if content := self.blocks(parts, assistant=False):
            only = content[0]
            block["content"] = only["text"] if len(content) == 1 and only.keys() == {"type", "text"} else content
        if result.is_error:
            block["is_error"] = True
        return block | _mark(result.cache)


def _thought(part: Reasoning) -> dict[str, Any] | None:
    if not part.signature or part.origin != DIALECT:
        return None
    if part.redacted:
        return {"type": "redacted_thinking", "data": part.signature}
    return {"type": "thinking", "thinking": part.text, "signature": part.signature}


def _arguments(call: ToolCall) -> dict[str, Any]:
    """An object, always: what a model wrote that is none (its reply was cut, say) stands in `input`."""
    if not call.arguments.strip():
        return {}
    try:
        return _read_object(call.arguments)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return {"input": call.arguments.encode(errors="replace").decode()}


def _id(call_id: str) -> str:
    return _NOT_IN_IDS.sub("_", call_id)


def _mark(cache: CacheMark | None) -> dict[str, Any]:
    if cache is None:
        return {}
    return {"cache_control": {"type": "ephemeral", **({"ttl": cache.ttl} if cache.ttl else {})}}
