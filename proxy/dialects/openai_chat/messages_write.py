"""Turns → messages of a chat request.

Keeps true: the results of one round of tool calls stand together, directly behind the calls; what they hold beside text
follows in a user message, because tool messages take text alone. Signed reasoning of other dialects is left out.
"""

import base64
from typing import Any

from proxy.canonical.ask import Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import (
    Audio,
    Declined,
    File,
    Image,
    Part,
    Reasoning,
    Source,
    Text,
    ToolCall,
    ToolResult,
)
from proxy.dialects.dialect import Destination
from proxy.dialects.openai_chat.reasoning_details import ORIGIN
from proxy.dialects.openai_chat.reply_write import call_object, extra_content

_DETAILS = ("auto", "low", "high", "original")


def write_messages(turns: list[Turn], to: Destination, losses: Losses) -> list[dict[str, Any]]:
    """Raises Refusal through `losses`."""
    writer = _Messages(to, losses)
    for turn in turns:
        writer.add(turn)
    return writer.finished()


class _Messages:
    def __init__(self, to: Destination, losses: Losses) -> None:
        self._quirks = to.quirks
        self._losses = losses
        self._messages: list[dict[str, Any]] = []
        self._shown: list[dict[str, Any]] = []
        """Content of tool results that waits for the end of its round."""

    def add(self, turn: Turn) -> None:
        if turn.role == "user":
            self._user(turn)
            return
        self._flush()
        if turn.role == "assistant":
            self._assistant(turn)
        else:
            said = "\n\n".join(part.text for part in turn.parts if isinstance(part, Text))
            self._append({"role": self._quirks.system_role, "content": said}, turn.name)

    def finished(self) -> list[dict[str, Any]]:
        self._flush()
        return self._messages

    def _append(self, message: dict[str, Any], name: str | None = None) -> None:
        if name is not None:
            message["name"] = name
        self._messages.append(message)

    def _user(self, turn: Turn) -> None:
        content: list[dict[str, Any]] = []
        for part in turn.parts:
            if isinstance(part, ToolResult):
                self._result(part)
            else:
                content += self._content(part)
        if content or not turn.parts:
            content, self._shown = self._shown + content, []
            self._append({"role": "user", "content": self._joined(content)}, turn.name)

    def _flush(self) -> None:
        if self._shown:
            shown, self._shown = self._shown, []
            self._append({"role": "user", "content": self._joined(shown)})

    def _joined(self, content: list[dict[str, Any]]) -> str | list[dict[str, Any]]:
        """A string where one text is all there is, or where a provider of text alone would not know parts."""
        if (len(content) == 1 or not self._quirks.images) and all(part["type"] == "text" for part in content):
            return "\n\n".join(part["text"] for part in content)
        return content or ""

    def _result(self, result: ToolResult) -> None:
        said = "\n\n".join(part.text for part in result.parts if isinstance(part, Text))
        rest = [written for part in result.parts if not isinstance(part, Text) for written in self._content(part)]
        if result.is_error:
            said = f"Error: {said}" if said else "Error"
        if rest:
            said = said or "The result follows in the next user message."
            self._shown += [{"type": "text", "text": f"Result of the tool call {result.call_id}:"}, *rest]
        self._append({"role": "tool", "tool_call_id": result.call_id, "content": said})

    def _assistant(self, turn: Turn) -> None:
        message: dict[str, Any] = {"role": "assistant", "content": None}
        calls, thoughts = [], []
        for part in turn.parts:
            match part:
                case Text():
                    message["content"] = (message["content"] or "") + part.text
                case Declined():
                    message["refusal"] = message.get("refusal", "") + part.text
                case ToolCall():
                    calls.append(_call(part))
                case Reasoning():
                    thoughts.append(part)
                case _:
                    self._losses.lose("turns", "an assistant's message holds text and tool calls alone")
        if calls:
            message["tool_calls"] = calls
        reasoned = self._reasoning(thoughts)
        if message["content"] is None and len(message) == 2 and not reasoned:
            return
        if message["content"] is None and len(message) == 2:
            message["content"] = ""
        self._append(message | reasoned, turn.name)

    def _reasoning(self, thoughts: list[Reasoning]) -> dict[str, Any]:
        field = self._quirks.reasoning_field
        if not field or not thoughts:
            return {}
        written: dict[str, Any] = {}
        if text := "".join(part.text for part in thoughts):
            written[field] = text
        details = [_detail(part, at) for at, part in enumerate(thoughts) if part.signature and part.origin == ORIGIN]
        return written | {"reasoning_details": details} if details else written

    def _content(self, part: Part) -> list[dict[str, Any]]:
        match part:
            case Text():
                return [{"type": "text", "text": part.text}]
            case Image():
                return [self._image(part)]
            case File():
                return self._file(part)
            case Audio():
                return [{"type": "input_audio", "input_audio": {"data": part.data, "format": part.format}}]
        self._losses.lose("turns", "a user's message holds no such part")
        return []

    def _image(self, image: Image) -> dict[str, Any]:
        if not self._quirks.images:
            self._losses.refuse("turns", "it takes no images")
        shown: dict[str, Any] = {"url": self._url(image.source)}
        if image.detail in _DETAILS:
            shown["detail"] = image.detail
        return {"type": "image_url", "image_url": shown}

    def _file(self, file: File) -> list[dict[str, Any]]:
        if file.cite:
            self._losses.lose("citations", "it cites no documents")
        lead = "\n".join(line for line in (file.name, file.context) if line)
        text = _text_of(file.source)
        if text is not None:
            return [{"type": "text", "text": f"{lead}\n\n{text}" if lead else text}]
        if file.source.url is not None:
            self._losses.refuse("turns", "it takes documents in the request, not by their address")
        sent = {"filename": file.name or _file_name(file.source), "file_data": self._url(file.source)}
        context = [{"type": "text", "text": file.context}] if file.context else []
        return [*context, {"type": "file", "file": sent}]

    def _url(self, source: Source) -> str:
        if source.url is not None:
            return source.url
        if source.data is None:
            self._losses.refuse("turns", "a file id means something to the provider alone that gave it")
        return f"data:{source.media_type};base64,{source.data}"


def _call(call: ToolCall) -> dict[str, Any]:
    written = call_object(call.id, call.name, call.arguments if call.free else call.arguments or "{}", free=call.free)
    if call.signature is not None and call.origin == ORIGIN:
        written["extra_content"] = extra_content(ORIGIN, call.signature)
    return written


def _detail(part: Reasoning, index: int) -> dict[str, Any]:
    kind = {"type": "reasoning.encrypted", "data": part.signature}
    if not part.redacted:
        kind = {"type": "reasoning.text", "text": part.text, "signature": part.signature}
    return kind | {"index": index} | ({"id": part.id} if part.id is not None else {})


def _text_of(source: Source) -> str | None:
    """The text of a document that is plain text, which chat takes as a text part only."""
    if source.text is not None:
        return source.text
    if source.data is None or not (source.media_type or "").startswith("text/"):
        return None
    try:
        return base64.b64decode(source.data, validate=True).decode()
    except ValueError:  # no base64, or no UTF-8 in it
        return None


def _file_name(source: Source) -> str:
    return "document.pdf" if source.media_type == "application/pdf" else "document"
