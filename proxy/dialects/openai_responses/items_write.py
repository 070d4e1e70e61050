"""Turns → input items.

Keeps true: a turn's parts keep their order: calls, results and thoughts are items of their own between the messages.
Thoughts that another dialect's provider signed, or none, are left out: OpenAI takes only its own back, and only before
what was thought of. That a tool failed stands in the words of its output: there is no field for it.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from proxy.canonical.ask import Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import Audio, Declined, File, Image, Part, Reasoning, Source, Text, ToolCall, ToolResult
from proxy.dialects.openai_responses.media import text_of_source, url_of_source
from proxy.dialects.openai_responses.opaque import NAME

_LONGEST_CALL_ID = 64
_EXTENSIONS = {"application/pdf": "pdf", "text/csv": "csv", "text/html": "html", "application/json": "json"}


def split_instructions(turns: Sequence[Turn]) -> tuple[str | None, Sequence[Turn]]:
    """The leading system turns as one text, and the turns behind them: there must be some."""
    texts: list[str] = []
    for index, turn in enumerate(turns):
        said = [part.text for part in turn.parts if isinstance(part, Text)]
        if turn.role not in ("system", "developer") or len(said) < len(turn.parts) or turn.name:
            return "\n\n".join(texts) or None, turns[index:]
        texts += said
    return None, turns


def write_items(turns: Sequence[Turn], losses: Losses, *, images: bool = True) -> list[dict[str, Any]]:
    """Raises Refusal through `losses`. `images`: whether the provider takes them."""
    writer = _Items(losses, images)
    for turn in turns:
        writer.write(turn)
    writer.drop_loose_thoughts()
    return writer.items


class _Items:
    def __init__(self, losses: Losses, images: bool) -> None:
        self.items: list[dict[str, Any]] = []
        self._losses = losses
        self._images = images

    def write(self, turn: Turn) -> None:
        if turn.name and turn.role != "assistant":
            self._losses.lose("name", "messages have no names there")
        content: list[dict[str, Any]] = []
        for part in turn.parts:
            if item := self._item(part):
                self._message(turn, content)
                content = []
                if turn.role != "assistant":
                    self.drop_loose_thoughts()
                self.items.append(item)
            else:
                content += self._content(part, said=turn.role == "assistant")
        self._message(turn, content)

    def drop_loose_thoughts(self) -> None:
        """Thoughts that nothing of the model's follows would be refused."""
        while self.items and self.items[-1]["type"] == "reasoning":
            self.items.pop()

    def _message(self, turn: Turn, content: list[dict[str, Any]]) -> None:
        if content and turn.role != "assistant":
            self.drop_loose_thoughts()
        if content:
            self.items.append({"type": "message", "role": turn.role, "content": content})

    def _item(self, part: Part) -> dict[str, Any] | None:
        """A part that is an item of its own."""
        if isinstance(part, ToolCall):
            kind, field = ("custom_tool_call", "input") if part.free else ("function_call", "arguments")
            return {"type": kind, "call_id": _call_id(part.id), "name": part.name, field: part.arguments}
        if isinstance(part, ToolResult):
            kind = "custom_tool_call_output" if part.free else "function_call_output"
            return {"type": kind, "call_id": _call_id(part.call_id), "output": self._output(part)}
        if isinstance(part, Reasoning) and part.signature and part.origin == NAME:
            summary = [{"type": "summary_text", "text": part.text}] if part.text else []
            id = {"id": part.id} if part.id else {}
            return {"type": "reasoning", **id, "summary": summary, "encrypted_content": part.signature}
        return None

    def _output(self, result: ToolResult) -> str | list[dict[str, Any]]:
        failed = "Error" if result.is_error else ""
        if not result.parts:
            return failed
        if len(result.parts) == 1 and isinstance(result.parts[0], Text):
            text = result.parts[0].text
            return f"{failed}: {text}" if failed else text
        said: list[Part] = [Text(text=f"{failed}:")] if failed else []
        return [content for part in (*said, *result.parts) for content in self._content(part, said=False)]

    def _content(self, part: Part, *, said: bool) -> list[dict[str, Any]]:
        """Content of a message. `said`: by the assistant."""
        if isinstance(part, Text):
            if said and not part.text:
                return []  # clients that join a stream's deltas have "" where nothing was said before the calls
            return [{"type": "output_text" if said else "input_text", "text": part.text}]
        if isinstance(part, Declined):
            return [{"type": "refusal", "refusal": part.text} if said else {"type": "input_text", "text": part.text}]
        if isinstance(part, Reasoning):
            return []
        if said:
            self._losses.lose("turns", "the assistant says text and calls tools there, nothing else")
            return []
        if isinstance(part, Image):
            return self._image(part)
        if isinstance(part, File):
            return self._file(part)
        assert isinstance(part, Audio)
        return [{"type": "input_audio", "input_audio": {"data": part.data, "format": part.format}}]

    def _image(self, image: Image) -> list[dict[str, Any]]:
        if not self._images:
            self._losses.lose("turns", "it takes no images")
            return []
        where = {"image_url": url} if (url := url_of_source(image.source)) else self._kept(image.source)
        return [{"type": "input_image", "detail": image.detail or "auto", **where}]

    def _file(self, file: File) -> list[dict[str, Any]]:
        if file.cite:
            self._losses.lose("citations", "it does not cite files of a request")
        before = [{"type": "input_text", "text": file.context}] if file.context else []
        source = file.source
        if (text := text_of_source(source)) is not None:
            titled = f"{file.name}\n\n{text}" if file.name else text
            return [*before, {"type": "input_text", "text": titled}]
        name = file.name or f"document.{_EXTENSIONS.get(source.media_type or '', 'pdf')}"
        if source.data is not None:
            return [*before, {"type": "input_file", "filename": name, "file_data": url_of_source(source)}]
        where = {"file_url": source.url} if source.url is not None else self._kept(source)
        return [*before, {"type": "input_file", **where}]

    def _kept(self, source: Source) -> dict[str, Any]:
        """A file by its name, which OpenAI must have given."""
        if source.kept_by != "openai":
            self._losses.refuse("turns", "another provider keeps a file")
        return {"file_id": source.file_id}


def _call_id(id: str) -> str:
    """As it is, or where it is longer than the API takes, one that is made of it."""
    return id if len(id) <= _LONGEST_CALL_ID else f"call_{sha256(id.encode()).hexdigest()[:40]}"
