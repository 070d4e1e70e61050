"""A streamed reply as a chat caller gets it.

Keeps true: every frame is a whole `chat.completion.chunk`; the role stands first in each choice, its finish last, the
usage after all of them, if the caller asked for it, and `[DONE]` at the end. Nothing is held back, no text kept.
"""

import time
from collections.abc import Sequence
from typing import Any

import msgspec

from gatewatch.call import Tokens
from proxy.canonical.answer import TokenLogprob
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
)
from proxy.dialects.openai_chat.reasoning_details import SIGNED_LENGTH, encrypted_entry, format_of, outward
from proxy.dialects.openai_chat.reply_write import (
    TIERS,
    annotation,
    call_object,
    extra_content,
    finish_word,
    logprobs_object,
    reply_id,
)
from proxy.dialects.openai_chat.request_read import shows_reasoning
from proxy.dialects.openai_chat.tap import wants_usage
from proxy.dialects.openai_chat.tools_read import is_legacy
from proxy.dialects.openai_chat.usage_write import usage_object

_encode = msgspec.json.Encoder().encode
_DONE = b"data: [DONE]\n\n"
_ROLE = b'{"role":"assistant","content":"","refusal":null}'


class _Choice:
    """What must be known of one choice while it streams."""

    def __init__(self, head: bytes) -> None:
        self.head = head
        self.thoughts = 0
        """Reasoning parts that have ended."""
        self.thinking = False
        self.thought_length = 0
        """Characters of the reasoning part that is open."""
        self.length = 0
        """Characters of text so far."""
        self.part_start = 0
        """Where the text part that is open, or ended last, begins."""
        self.text_open = False
        self.citations = 0
        self.declined = False
        self.free: set[int] = set()
        """Tool calls whose arguments are text."""


class ChatWriter:
    """Writes one stream."""

    def __init__(self, body: dict[str, Any], call_id: str) -> None:
        self._id = reply_id(call_id)
        self._model = str(body.get("model", ""))
        self._usage_wanted = wants_usage(body)
        self._shown = shows_reasoning(body)
        self._legacy = is_legacy(body)
        self._head = b""
        self._tail = b',"logprobs":null,"finish_reason":null}]' + self._closing()
        self._choices: dict[int, _Choice] = {}

    def write(self, events: Sequence[Event]) -> bytes:
        out: list[bytes] = []
        for event in events:
            kind = type(event)
            if kind is Started:
                self._start(event)  # type: ignore[arg-type]
                self._choice(0, out)
                continue
            index = getattr(event, "choice", None)
            if index is None:
                continue
            choice = self._choices.get(index) or self._choice(index, out)
            if kind is TextAdded:
                self._text(choice, event, out)  # type: ignore[arg-type]
            elif kind is ArgumentsAdded:
                self._arguments(choice, event, out)  # type: ignore[arg-type]
            else:
                self._rare(choice, event, out)
        return b"".join(out)

    def end(self, tokens: Tokens) -> bytes:
        if not self._usage_wanted:
            return _DONE
        if not self._head:
            self._start(Started())
        return self._head + b'],"usage":' + _encode(usage_object(tokens)) + b"}\n\n" + _DONE

    def _closing(self) -> bytes:
        return b',"usage":null}\n\n' if self._usage_wanted else b"}\n\n"

    def _start(self, started: Started) -> None:
        head: dict[str, Any] = {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": started.created if started.created is not None else int(time.time()),
            "model": started.model or self._model,
        }
        if started.service_tier in TIERS:
            head["service_tier"] = started.service_tier
        head["choices"] = []
        self._head = b"data: " + _encode(head)[:-2]

    def _choice(self, index: int, out: list[bytes]) -> _Choice:
        if index in self._choices:
            return self._choices[index]
        if not self._head:
            self._start(Started())
        choice = self._choices[index] = _Choice(self._head + b'{"index":%d,"delta":' % index)
        self._delta(choice, _ROLE, out)
        return choice

    def _delta(self, choice: _Choice, delta: bytes, out: list[bytes]) -> None:
        out += (choice.head, delta, self._tail)

    def _text(self, choice: _Choice, event: TextAdded, out: list[bytes]) -> None:
        if not choice.text_open:
            self._close_part(choice)
            choice.text_open, choice.part_start = True, choice.length
        choice.length += len(event.text)
        delta = b'{"content":' + _encode(event.text) + b"}"
        if event.logprobs is None:
            self._delta(choice, delta, out)
        else:
            out += (choice.head, delta, self._logprobs_tail(event.logprobs))

    def _logprobs_tail(self, logprobs: list[TokenLogprob]) -> bytes:
        return b',"logprobs":' + _encode(logprobs_object(logprobs)) + b',"finish_reason":null}]' + self._closing()

    def _arguments(self, choice: _Choice, event: ArgumentsAdded, out: list[bytes]) -> None:
        if self._legacy:
            if event.tool == 0:
                self._delta(choice, b'{"function_call":{"arguments":' + _encode(event.text) + b"}}", out)
            return
        place = b'"custom":{"input":' if event.tool in choice.free else b'"function":{"arguments":'
        delta = b'{"tool_calls":[{"index":%d,%s%s}}]}' % (event.tool, place, _encode(event.text))
        self._delta(choice, delta, out)

    def _rare(self, choice: _Choice, event: Event, out: list[bytes]) -> None:
        if isinstance(event, ReasoningAdded):
            self._reasoning(choice, event.text, out)
        elif isinstance(event, Finished):
            word = finish_word(event.reason, declined=choice.declined, legacy=self._legacy)
            out += (choice.head, b'{},"logprobs":null,"finish_reason":"%s"}]' % word.encode(), self._closing())
        elif isinstance(event, PartEnded):
            if event.tool is None:
                self._close_part(choice)
        elif isinstance(event, Cited):
            noted = annotation(event.citation, choice.part_start, choice.length)
            if noted is not None:
                self._delta(choice, _encode({"annotations": [noted | {"index": choice.citations}]}), out)
                choice.citations += 1
        elif isinstance(event, ReasoningSigned):
            self._signed(choice, event, out)
        elif isinstance(event, ToolCalled):
            self._close_part(choice)
            self._called(choice, event, out)
        elif isinstance(event, DeclinedAdded):
            self._close_part(choice)
            choice.declined = True
            self._delta(choice, b'{"refusal":' + _encode(event.text) + b"}", out)

    def _close_part(self, choice: _Choice) -> None:
        if choice.thinking:
            choice.thinking = False
            choice.thoughts += 1
            choice.thought_length = 0
        choice.text_open = False

    def _reasoning(self, choice: _Choice, text: str, out: list[bytes]) -> None:
        choice.thinking, choice.text_open = True, False
        choice.thought_length += len(text)
        if self._shown:
            said = _encode(text)
            detail = b'{"type":"reasoning.text","text":%s,"index":%d}' % (said, choice.thoughts)
            self._delta(choice, b'{"reasoning_content":%s,"reasoning_details":[%s]}' % (said, detail), out)

    def _signed(self, choice: _Choice, event: ReasoningSigned, out: list[bytes]) -> None:
        if event.redacted and choice.thinking:
            self._close_part(choice)
        detail: dict[str, Any] | None = None
        if event.signature is not None and event.redacted:
            detail = encrypted_entry(event.signature, choice.thoughts, origin=event.origin, id=event.id)
        elif event.signature is not None:
            signature = outward(event.origin, event.signature)
            detail = {"type": "reasoning.text", "signature": signature, "format": format_of(event.origin)}
            detail |= {"index": choice.thoughts, SIGNED_LENGTH: choice.thought_length}
            detail |= {"id": event.id} if event.id is not None else {}
        if detail is not None and self._shown:
            self._delta(choice, _encode({"reasoning_details": [detail]}), out)
        choice.thinking = True
        self._close_part(choice)

    def _called(self, choice: _Choice, event: ToolCalled, out: list[bytes]) -> None:
        if self._legacy:
            if event.tool == 0:
                self._delta(choice, _encode({"function_call": {"name": event.name, "arguments": ""}}), out)
            return
        if event.free:
            choice.free.add(event.tool)
        call = {"index": event.tool} | call_object(event.id, event.name, "", free=event.free)
        if event.signature is not None:
            call["extra_content"] = extra_content(event.origin, event.signature)
        self._delta(choice, _encode({"tool_calls": [call]}), out)
