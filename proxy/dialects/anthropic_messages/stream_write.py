"""Streams as Messages says them.

Keeps true: every block that was started is stopped, with deltas of its own index in between only; one block follows
another, and only where a provider mixes the arguments of its calls do those overlap; `message_delta` comes once, with
the usage, directly before `message_stop`. A text block is stopped when something else begins, because citations may
follow its end.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from gatewatch.call import Tokens
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
from proxy.dialects.anthropic_messages.braces import Braces
from proxy.dialects.anthropic_messages.citations import write_citation
from proxy.dialects.anthropic_messages.reply_write import UNSIGNED, message_id, redacted, sealed
from proxy.dialects.anthropic_messages.vocabulary import stop_reason, usage_of

_TAIL = b"}}\n\n"
_STOPPED = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'

_encode = msgspec.json.Encoder().encode


class MessagesWriter:
    """One stream. Only the first choice is told: callers of this dialect cannot ask for more."""

    def __init__(self, body: dict[str, Any], call_id: str) -> None:
        self._model = body.get("model") or ""
        self._call_id = call_id
        self._started = False
        self._next = 0
        self._open = ""
        """The block that is open beside tool calls: `text`, `thinking` or none."""
        self._ended = False
        """The open text has ended; only citations of it may follow."""
        self._index = 0
        """The open block's."""
        self._head = b""
        """What stands before the words of a delta of the open block."""
        self._calls: dict[int, int] = {}
        """Open tool call → its block's index."""
        self._call_heads: dict[int, bytes] = {}
        self._braces: dict[int, Braces] = {}
        """Open tool call → those of its arguments. Once they are closed, it is whole."""
        self._called = False
        self._finished: Finished | None = None
        self._searches = 0

    def write(self, events: Sequence[Event]) -> bytes:
        return b"".join([self._event(event) for event in events])

    def end(self, tokens: Tokens) -> bytes:
        finished = self._finished or Finished(reason="stop")
        usage = usage_of(tokens, self._searches)
        if not usage["cache_creation_input_tokens"]:
            del usage["cache_creation"]
        delta = {
            "type": "message_delta",
            "delta": {
                "stop_reason": stop_reason(finished.reason, calls=self._called),
                "stop_sequence": finished.stop_sequence,
            },
            "usage": usage,
        }
        return self._begin() + self._close_all() + _frame(b"message_delta", delta) + _STOPPED

    def _event(self, event: Event) -> bytes:
        kind = type(event)
        if kind is TextAdded or kind is DeclinedAdded:
            return self._said("text", event.text) if event.choice == 0 else b""  # type: ignore[union-attr]
        if isinstance(event, ArgumentsAdded):
            return self._argue(event.tool, event.text) if event.choice == 0 else b""
        if isinstance(event, ReasoningAdded):
            return self._said("thinking", event.text) if event.choice == 0 else b""
        if isinstance(event, Started):
            return self._begin(event)
        if isinstance(event, UsageSeen):
            self._searches = event.usage.searches
            return b""
        if event.choice != 0:  # type: ignore[union-attr]
            return b""
        if isinstance(event, ToolCalled):
            return self._call(event)
        if isinstance(event, ReasoningSigned):
            return self._signed(event)
        if isinstance(event, Cited):
            return self._cited(event)
        if isinstance(event, PartEnded):
            return self._end_part(event)
        if isinstance(event, Finished):
            self._finished = event
            return self._close_all()
        return b""

    def _begin(self, started: Started | None = None) -> bytes:
        """`message_start`, once, whatever comes first."""
        if self._started:
            return b""
        self._started = True
        said = started or Started()
        known = said.usage.tokens if said.usage and said.usage.tokens else Tokens()
        message: dict[str, Any] = {
            "id": message_id(said.id, self._call_id),
            "type": "message",
            "role": "assistant",
            "model": said.model or self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage_of(known),
        }
        return _frame(b"message_start", {"type": "message_start", "message": message})

    def _said(self, kind: str, text: str) -> bytes:
        if not text:
            return b""
        begun = b""
        if self._open != kind or self._ended:
            begun = self._start(kind)
        return begun + self._head + _encode(text) + _TAIL

    def _start(self, kind: str) -> bytes:
        empty = {"type": "text", "text": ""} if kind == "text" else {"type": kind, "thinking": "", "signature": ""}
        frames = self._block(empty)
        self._open, self._index = kind, self._next - 1
        word = kind.encode()
        self._head = _delta_head(self._index) + b'{"type":"%s_delta","%s":' % (word, word)
        return frames

    def _block(self, block: dict[str, Any]) -> bytes:
        """The start of a block; what is open beside tool calls ends before it."""
        frames = self._begin() + self._close()
        event = {"type": "content_block_start", "index": self._next, "content_block": block}
        self._next += 1
        return frames + _frame(b"content_block_start", event)

    def _argue(self, tool: int, text: str) -> bytes:
        head = self._call_heads.get(tool)
        if not head or not text:
            return b""
        braces = self._braces.get(tool)
        if braces is None:
            braces = self._braces[tool] = Braces()
        braces.add(text)
        return head + _encode(text) + _TAIL

    def _call(self, call: ToolCalled) -> bytes:
        """Providers that do not say where a call ends begin the next one: what is whole then has ended."""
        whole = [tool for tool, braces in self._braces.items() if braces.closed]
        frames = self._end_call(call.tool) + b"".join([self._end_call(tool) for tool in whole])
        if call.signature:
            frames += self._whole(redacted(sealed(call.signature, call.origin)))
        frames += self._block({"type": "tool_use", "id": call.id, "name": call.name, "input": {}})
        self._called = True
        self._calls[call.tool] = self._next - 1
        self._call_heads[call.tool] = _delta_head(self._next - 1) + b'{"type":"input_json_delta","partial_json":'
        return frames

    def _signed(self, event: ReasoningSigned) -> bytes:
        signature = sealed(event.signature, event.origin)
        if event.redacted:
            return self._whole(redacted(signature)) if event.signature else b""
        if self._open == "thinking":
            return self._close(signature)
        return self._start("thinking") + self._close(signature) if event.signature else b""

    def _whole(self, block: dict[str, Any]) -> bytes:
        return self._block(block) + _stop(self._next - 1)

    def _cited(self, event: Cited) -> bytes:
        citation = write_citation(event.citation) if self._open == "text" else None
        if citation is None:
            return b""
        return _delta_head(self._index) + _encode({"type": "citations_delta", "citation": citation}) + b"}\n\n"

    def _end_part(self, event: PartEnded) -> bytes:
        if event.tool is not None:
            return self._end_call(event.tool)
        self._ended = True
        return b"" if self._open == "text" else self._close()

    def _close(self, signature: str = UNSIGNED) -> bytes:
        """Stop what is open beside tool calls."""
        was, self._open, self._ended = self._open, "", False
        if was != "thinking":
            return _stop(self._index) if was else b""
        signed = _encode({"type": "signature_delta", "signature": signature})
        return _delta_head(self._index) + signed + b"}\n\n" + _stop(self._index)

    def _end_call(self, tool: int) -> bytes:
        index = self._calls.pop(tool, None)
        self._call_heads.pop(tool, None)
        self._braces.pop(tool, None)
        return b"" if index is None else _stop(index)

    def _close_all(self) -> bytes:
        frames = self._close() + b"".join([_stop(index) for index in self._calls.values()])
        self._calls.clear()
        self._call_heads.clear()
        self._braces.clear()
        return frames


def _frame(name: bytes, event: dict[str, Any]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name, _encode(event))


def _stop(index: int) -> bytes:
    return b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n' % index


def _delta_head(index: int) -> bytes:
    return b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":' % index
