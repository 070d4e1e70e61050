"""Streams of Anthropic, event by event. What is not known is skipped: events, blocks with all their deltas, fields.

Also the tap of streams that pass as they came, so one typed decoding per frame is all it costs.
"""

from typing import Any

import msgspec

from gatewatch.usage import anthropic
from proxy.canonical.events import (
    ArgumentsAdded,
    Cited,
    DeclinedAdded,
    Ended,
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
from proxy.dialects.anthropic_messages.citations import read_citation
from proxy.dialects.anthropic_messages.provider_errors import error_in
from proxy.dialects.anthropic_messages.reply_read import (
    KNOWN,
    Block,
    arguments_of,
    declined,
    type_in,
    usage_said,
)
from proxy.dialects.anthropic_messages.vocabulary import DIALECT, FINISHES
from proxy.dialects.provider_error import NotThisDialect


class _Delta(msgspec.Struct):
    type: str = ""
    text: str | None = None
    partial_json: str | None = None
    thinking: str | None = None
    signature: str | None = None
    citation: Any = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: Any = None


class _Message(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    usage: Any = None


class _Event(msgspec.Struct):
    type: str
    index: int = 0
    delta: _Delta | None = None
    content_block: Block | None = None
    message: _Message | None = None
    usage: Any = None
    error: Any = None


class _Open:
    """A block that has started and not stopped."""

    __slots__ = ("signature", "silent", "tool", "type")

    def __init__(self, type: str, tool: int = 0) -> None:
        self.type = type
        self.tool = tool
        self.silent = True
        """No arguments have come yet."""
        self.signature: str | None = None


_decode = msgspec.json.Decoder(_Event).decode
_READ = frozenset({"message_start", "content_block_stop", "message_delta", "message_stop", "error"})
_DELTAS = frozenset({"text_delta", "input_json_delta", "thinking_delta", "signature_delta", "citations_delta"})


class MessagesReader:
    """One stream."""

    def __init__(self) -> None:
        self._open: dict[int, _Open] = {}
        self._tools = 0
        self._usage: dict[str, Any] = {}

    def read(self, data: bytes) -> list[Event]:
        """Raises ProviderError for an error event, NotThisDialect for malformed data."""
        try:
            event = _decode(data)
        except msgspec.ValidationError as error:
            return _skipped(data, error)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NotThisDialect(str(error)) from None
        kind = event.type
        if kind == "content_block_delta":
            return self._delta(event.index, event.delta) if event.delta else []
        if kind == "content_block_start":
            return self._start(event.index, event.content_block) if event.content_block else []
        if kind == "content_block_stop":
            return self._stop(event.index)
        if kind == "message_delta":
            return self._ending(event)
        if kind == "message_start":
            return [self._started(event.message or _Message())]
        if kind == "message_stop":
            return [Ended()]
        if kind == "error":
            raise error_in(event.error)
        return []

    def closed(self) -> list[Event]:
        """Only `message_stop` ends a stream: without it, it is cut."""
        return []

    def _started(self, message: _Message) -> Event:
        self._merge(message.usage)
        return Started(
            id=message.id,
            model=message.model,
            service_tier=anthropic.tier(message.usage),
            usage=usage_said(dict(self._usage)) if self._usage else None,
        )

    def _start(self, index: int, block: Block) -> list[Event]:
        kind = block.type
        if kind == "redacted_thinking":
            return [ReasoningSigned(signature=block.data, origin=DIALECT, redacted=True)] if block.data else []
        if kind == "tool_use":
            opened = self._open[index] = _Open(kind, self._tools)
            self._tools += 1
            events: list[Event] = [ToolCalled(id=block.id or "", name=block.name or "", tool=opened.tool)]
            if block.input:  # some imitators say all of it at once
                opened.silent = False
                events.append(ArgumentsAdded(text=arguments_of(block.input), tool=opened.tool))
            return events
        if kind not in ("text", "thinking"):
            return []
        opened = self._open[index] = _Open(kind)
        opened.signature = block.signature
        if kind == "text":
            return [TextAdded(text=block.text)] if block.text else []
        return [ReasoningAdded(text=block.thinking)] if block.thinking else []

    def _delta(self, index: int, delta: _Delta) -> list[Event]:
        opened = self._open.get(index)
        if opened is None:
            return []
        kind = delta.type
        if kind == "text_delta":
            return [TextAdded(text=delta.text)] if delta.text else []
        if kind == "input_json_delta":
            if not delta.partial_json:
                return []
            opened.silent = False
            return [ArgumentsAdded(text=delta.partial_json, tool=opened.tool)]
        if kind == "thinking_delta":
            return [ReasoningAdded(text=delta.thinking)] if delta.thinking else []
        if kind == "signature_delta":
            opened.signature = delta.signature
        elif kind == "citations_delta" and (citation := read_citation(delta.citation)):
            return [Cited(citation=citation)]
        return []

    def _stop(self, index: int) -> list[Event]:
        opened = self._open.pop(index, None)
        if opened is None:
            return []
        if opened.type == "tool_use":
            ended = PartEnded(tool=opened.tool)
            return [ArgumentsAdded(text="{}", tool=opened.tool), ended] if opened.silent else [ended]
        if opened.signature:
            return [ReasoningSigned(signature=opened.signature, origin=DIALECT)]
        return [PartEnded()]

    def _ending(self, event: _Event) -> list[Event]:
        events: list[Event] = []
        delta = event.delta
        if delta and delta.stop_reason:
            if said := declined(delta.stop_details):
                events.append(DeclinedAdded(text=said))
            reason = FINISHES.get(delta.stop_reason, "stop")
            events.append(Finished(reason=reason, stop_sequence=delta.stop_sequence))
        if isinstance(event.usage, dict):
            self._merge(event.usage)
            events.append(UsageSeen(usage=usage_said(dict(self._usage))))
        return events

    def _merge(self, usage: object) -> None:
        """Counts are cumulative: the last word on each counts, and null is no word."""
        if not isinstance(usage, dict):
            return
        self._usage.update({name: value for name, value in usage.items() if value is not None})
        if usage.get("cache_creation") is None and usage.get("cache_creation_input_tokens") is not None:
            self._renew_breakdown()

    def _renew_breakdown(self) -> None:
        """The end of a stream states the sum of cache writes alone; a greater one than at the start would contradict
        the breakdown of then. What has come since counts as the kind that was there, five minutes where both were."""
        kinds, total = self._usage.get("cache_creation"), self._usage["cache_creation_input_tokens"]
        if not isinstance(kinds, dict) or not isinstance(total, int):
            return
        short, long = kinds.get("ephemeral_5m_input_tokens"), kinds.get("ephemeral_1h_input_tokens")
        if not isinstance(short, int) or not isinstance(long, int) or short + long == total:
            return
        long = total if long and not short else min(long, total)
        self._usage["cache_creation"] = {
            "ephemeral_5m_input_tokens": total - long,
            "ephemeral_1h_input_tokens": long,
        }


def _skipped(data: bytes, error: msgspec.ValidationError) -> list[Event]:
    """Fields of an unexpected type are none of our business in events, blocks and deltas that are not read."""
    said = msgspec.json.decode(data)
    kind = type_in(said)
    if kind == "content_block_start" and type_in(said.get("content_block")) in {*KNOWN, None}:
        raise NotThisDialect(str(error)) from None
    if kind == "content_block_delta" and type_in(said.get("delta")) in {*_DELTAS, None}:
        raise NotThisDialect(str(error)) from None
    if kind is None or kind in _READ:
        raise NotThisDialect(str(error)) from None
    return []
