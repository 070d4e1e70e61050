"""The parts of a streamed output while they are open.

Keeps true: a part says its beginning, its deltas and its end; the end repeats the whole part because the format wants
it so, and nothing but the text of open parts is held for that.
"""

from typing import Any

import msgspec

from proxy.canonical.answer import TokenLogprob
from proxy.canonical.parts import Citation
from proxy.dialects.openai_responses.annotations import annotation_of, event_logprobs_of
from proxy.dialects.openai_responses.output_items import (
    call_item,
    message_item,
    reasoning_item,
    refusal_part,
    text_part,
)
from proxy.dialects.openai_responses.stream_frames import Frames, delta_head

_encode = msgspec.json.encode
_PIECES = 512


class Words:
    """What a part has said so far, kept for its end.

    Each piece is an object of its own, many times its size: they are joined now and then.
    """

    __slots__ = ("_joined", "_pieces", "length")

    def __init__(self) -> None:
        self._joined: list[str] = []
        self._pieces: list[str] = []
        self.length = 0

    def add(self, piece: str) -> None:
        self.length += len(piece)
        self._pieces.append(piece)
        if len(self._pieces) == _PIECES:
            self._joined.append("".join(self._pieces))
            self._pieces.clear()

    def __str__(self) -> str:
        return "".join(self._joined) + "".join(self._pieces)


class OpenMessage:
    """A message item; its content parts follow one another."""

    def __init__(self, frames: Frames, id: str, index: int) -> None:
        self._frames = frames
        self._id = id
        self.index = index
        self._content: list[msgspec.Raw] = []
        self.part: OpenText | OpenRefusal | None = None

    def begin(self) -> bytes:
        item = message_item(self._id, [], "in_progress")
        return self._frames.event("response.output_item.added", output_index=self.index, item=item)

    def begin_text(self) -> tuple["OpenText", bytes]:
        """A new content part, after the end of the one before."""
        ended = self.end_part()
        part = self.part = OpenText(self._frames, self._place())
        return part, ended + self._added(text_part(""))

    def begin_refusal(self) -> tuple["OpenRefusal", bytes]:
        ended = self.end_part()
        part = self.part = OpenRefusal(self._frames, self._place())
        return part, ended + self._added(refusal_part(""))

    def end_part(self) -> bytes:
        if self.part is None:
            return b""
        whole, done = self.part.end()
        place = self._place()
        raw = msgspec.Raw(_encode(whole))
        self._content.append(raw)
        self.part = None
        return done + self._frames.event("response.content_part.done", **place, part=raw)

    def end(self) -> tuple[bytes, bytes]:
        """The whole item, and the frames that end it."""
        ended = self.end_part()
        item = _encode(message_item(self._id, self._content))
        done = self._frames.event("response.output_item.done", output_index=self.index, item=msgspec.Raw(item))
        return item, ended + done

    def _place(self) -> dict[str, Any]:
        return {"item_id": self._id, "output_index": self.index, "content_index": len(self._content)}

    def _added(self, part: dict[str, Any]) -> bytes:
        return self._frames.event("response.content_part.added", **self._place(), part=part)


class OpenText:
    def __init__(self, frames: Frames, place: dict[str, Any]) -> None:
        self._frames = frames
        self._place = place
        self._head = delta_head("response.output_text.delta", **place)
        self._words = Words()
        self._citations: list[Citation] = []
        self._logprobs: list[TokenLogprob] = []
        self.ended = False
        """Only citations may still come."""

    def add(self, text: str, logprobs: list[TokenLogprob] | None) -> bytes:
        self._words.add(text)
        if logprobs:
            self._logprobs += logprobs
        return self._frames.delta_with(self._head, text, "logprobs", event_logprobs_of(logprobs))

    def cite(self, citation: Citation) -> bytes:
        self._citations.append(citation)
        return self._frames.event(
            "response.output_text.annotation.added",
            **self._place,
            annotation_index=len(self._citations) - 1,
            annotation=annotation_of(citation, self._words.length),
        )

    def end(self) -> tuple[dict[str, Any], bytes]:
        text = str(self._words)
        whole = text_part(text, self._citations, self._logprobs)
        logprobs = event_logprobs_of(self._logprobs)
        return whole, self._frames.event("response.output_text.done", **self._place, text=text, logprobs=logprobs)


class OpenRefusal:
    def __init__(self, frames: Frames, place: dict[str, Any]) -> None:
        self._frames = frames
        self._place = place
        self._head = delta_head("response.refusal.delta", **place)
        self._words = Words()
        self.ended = False

    def add(self, text: str) -> bytes:
        self._words.add(text)
        return self._frames.delta(self._head, text)

    def end(self) -> tuple[dict[str, Any], bytes]:
        text = str(self._words)
        return refusal_part(text), self._frames.event("response.refusal.done", **self._place, refusal=text)


class OpenReasoning:
    """A reasoning item with one summary part, or none."""

    def __init__(self, frames: Frames, id: str, index: int) -> None:
        self._frames = frames
        self._id = id
        self.index = index
        self._place = {"item_id": id, "output_index": index, "summary_index": 0}
        self._head = delta_head("response.reasoning_summary_text.delta", **self._place)
        self._words = Words()

    def begin(self) -> bytes:
        item = reasoning_item(self._id, "", None)
        return self._frames.event("response.output_item.added", output_index=self.index, item=item)

    def add(self, text: str) -> bytes:
        added = b"" if self._words.length else self._part("added", "")
        self._words.add(text)
        return added + self._frames.delta(self._head, text)

    def end(self, encrypted_content: str | None) -> tuple[bytes, bytes]:
        """The whole item, and the frames that end it."""
        done = b""
        text = str(self._words)
        if text:
            done = self._frames.event("response.reasoning_summary_text.done", **self._place, text=text)
            done += self._part("done", text)
        item = _encode(reasoning_item(self._id, text, encrypted_content))
        done += self._frames.event("response.output_item.done", output_index=self.index, item=msgspec.Raw(item))
        return item, done

    def _part(self, what: str, text: str) -> bytes:
        part = {"type": "summary_text", "text": text}
        return self._frames.event(f"response.reasoning_summary_part.{what}", **self._place, part=part)


class OpenCall:
    """A function call, or the call of a custom tool."""

    def __init__(self, frames: Frames, id: str, index: int, call_id: str, name: str, *, free: bool) -> None:
        self._frames = frames
        self._id = id
        self._call_id = call_id
        self._name = name
        self._free = free
        self.index = index
        self._event = "response.custom_tool_call_input" if free else "response.function_call_arguments"
        self._place = {"item_id": id, "output_index": index}
        self._head = delta_head(f"{self._event}.delta", **self._place)
        self._words = Words()

    def begin(self) -> bytes:
        return self._frames.event(
            "response.output_item.added", output_index=self.index, item=self._item("", "in_progress")
        )

    def add(self, text: str) -> bytes:
        self._words.add(text)
        return self._frames.delta(self._head, text)

    def end(self) -> tuple[bytes, bytes]:
        """The whole item, and the frames that end it. A function without arguments got an empty object."""
        frames = b""
        text = str(self._words)
        if not text and not self._free:
            text = "{}"
            frames = self.add(text)
        field = "input" if self._free else "arguments"
        frames += self._frames.event(f"{self._event}.done", **self._place, **{field: text})
        item = _encode(self._item(text, "completed"))
        frames += self._frames.event("response.output_item.done", output_index=self.index, item=msgspec.Raw(item))
        return item, frames

    def _item(self, text: str, status: str) -> dict[str, Any]:
        return call_item(self._id, self._call_id, self._name, text, free=self._free, status=status)
