"""Events → the frames of a streamed response.

Keeps true: every item and content part begins, continues and ends in the order that the SDKs' accumulation demands; the
last frame holds the whole response. Of what was said only that is held which the format makes the end repeat.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from gatewatch.call import Tokens
from proxy.canonical.answer import Finish
from proxy.canonical.events import (
    ArgumentsAdded,
    Cited,
    DeclinedAdded,
    Event,
    Finished,
    PartEnded,
    ReasoningAdded,
    ReasoningSigned,
    Started,
    TextAdded,
    ToolCalled,
    UsageSeen,
)
from proxy.dialects.openai_responses.opaque import call_encrypted_content, encrypted_content, item_id
from proxy.dialects.openai_responses.response_shape import ResponseShape, ending
from proxy.dialects.openai_responses.stream_frames import Frames
from proxy.dialects.openai_responses.stream_parts import OpenCall, OpenMessage, OpenReasoning, OpenRefusal, OpenText


class StreamWriter:
    """Writes the reply to the request `body`. Further choices (`n`) do not exist here and are skipped."""

    def __init__(self, body: dict[str, Any], call_id: str) -> None:
        self._call_id = call_id
        self._shape = ResponseShape(body, call_id)
        self._frames = Frames()
        self._begun = False
        self._output: dict[int, bytes] = {}
        """Items that have ended."""
        self._places = 0
        self._message: OpenMessage | None = None
        self._reasoning: OpenReasoning | None = None
        self._calls: dict[int, OpenCall] = {}
        self._declined = False
        self._finish: Finish = "stop"

    def write(self, events: Sequence[Event]) -> bytes:
        frames = []
        for event in events:
            kind = type(event)
            if kind is UsageSeen:
                self._shape.name(None, None, event.service_tier)  # type: ignore[union-attr]
                continue
            if kind is Started:
                self._shape.name(event.model, event.created, event.service_tier)  # type: ignore[union-attr]
                frames.append(self._begin())
                continue
            if not self._begun:
                frames.append(self._begin())
            if not getattr(event, "choice", 0):
                frames.append(self._write(event))
        return b"".join(frames)

    def end(self, tokens: Tokens) -> bytes:
        frames = b"" if self._begun else self._begin()
        frames += self._end_all()
        status, reason = ending(self._finish, self._declined)
        output = [self._output[index] for index in sorted(self._output)]
        whole = self._shape.response(status, output, tokens, reason)
        return frames + self._frames.event(f"response.{status}", response=msgspec.Raw(whole))

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        response = msgspec.Raw(self._shape.response("in_progress"))
        created = self._frames.event("response.created", response=response)
        return created + self._frames.event("response.in_progress", response=response)

    def _write(self, event: Event) -> bytes:
        if isinstance(event, TextAdded):
            if not event.text and not event.logprobs:
                return b""
            message = self._message
            if message and isinstance(message.part, OpenText) and not message.part.ended:
                return message.part.add(event.text, event.logprobs)
            begun, message = self._open_message()
            text, added = message.begin_text()
            return begun + added + text.add(event.text, event.logprobs)
        if isinstance(event, ArgumentsAdded):
            call = self._calls.get(event.tool)
            return call.add(event.text) if call and event.text else b""
        if isinstance(event, ReasoningAdded):
            return self._reason(event.text)
        if isinstance(event, DeclinedAdded):
            return self._decline(event.text)
        if isinstance(event, ToolCalled):
            return self._call(event)
        if isinstance(event, ReasoningSigned):
            return self._sign(event)
        if isinstance(event, Cited):
            part = self._message.part if self._message else None
            return part.cite(event.citation) if isinstance(part, OpenText) else b""
        if isinstance(event, PartEnded):
            return self._end_part(event.tool)
        if isinstance(event, Finished):
            self._finish = event.reason
            return self._end_all()
        return b""

    def _open_message(self) -> tuple[bytes, OpenMessage]:
        if self._message:
            return b"", self._message
        ended = self._end_all()
        index = self._place()
        message = self._message = OpenMessage(self._frames, item_id("msg", self._call_id, index), index)
        return ended + message.begin(), message

    def _decline(self, text: str) -> bytes:
        self._declined = True
        begun, message = self._open_message()
        part = message.part
        if isinstance(part, OpenRefusal) and not part.ended:
            return part.add(text)
        part, added = message.begin_refusal()
        return begun + added + part.add(text)

    def _reason(self, text: str) -> bytes:
        if not text:
            return b""
        begun, reasoning = self._open_reasoning()
        return begun + reasoning.add(text)

    def _open_reasoning(self) -> tuple[bytes, OpenReasoning]:
        if self._reasoning:
            return b"", self._reasoning
        ended = self._end_all()
        index = self._place()
        reasoning = self._reasoning = OpenReasoning(self._frames, item_id("rs", self._call_id, index), index)
        return ended + reasoning.begin(), reasoning

    def _sign(self, event: ReasoningSigned) -> bytes:
        opaque = encrypted_content(event.signature, event.origin, redacted=event.redacted)
        begun = b""
        if self._reasoning is None or event.redacted:
            if opaque is None:
                return b""
            begun = self._end_reasoning(None)
            begun += self._open_reasoning()[0]
        return begun + self._end_reasoning(opaque)

    def _call(self, event: ToolCalled) -> bytes:
        frames = self._end_message() + self._end_reasoning(None)
        if event.signature:
            index = self._place()
            before = OpenReasoning(self._frames, item_id("rs", self._call_id, index), index)
            frames += before.begin()
            self._output[index], ended = before.end(call_encrypted_content(event.signature, event.origin))
            frames += ended
        index = self._place()
        id = item_id("ctc" if event.free else "fc", self._call_id, index)
        frames += self._end_call(event.tool)
        call = self._calls[event.tool] = OpenCall(self._frames, id, index, event.id, event.name, free=event.free)
        return frames + call.begin()

    def _end_part(self, tool: int | None) -> bytes:
        if tool is not None:
            return self._end_call(tool)
        if self._message and self._message.part:
            self._message.part.ended = True
        return self._end_reasoning(None)

    def _end_call(self, tool: int) -> bytes:
        call = self._calls.pop(tool, None)
        if call is None:
            return b""
        self._output[call.index], frames = call.end()
        return frames

    def _end_reasoning(self, opaque: str | None) -> bytes:
        if self._reasoning is None:
            return b""
        self._output[self._reasoning.index], frames = self._reasoning.end(opaque)
        self._reasoning = None
        return frames

    def _end_message(self) -> bytes:
        if self._message is None:
            return b""
        self._output[self._message.index], frames = self._message.end()
        self._message = None
        return frames

    def _end_all(self) -> bytes:
        frames = self._end_message() + self._end_reasoning(None)
        for tool in sorted(self._calls):
            frames += self._end_call(tool)
        return frames

    def _place(self) -> int:
        self._places += 1
        return self._places - 1
