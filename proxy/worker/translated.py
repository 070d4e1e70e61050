"""Caller and provider speak different dialects: request, reply and every event of a stream go through the canonical
form. A stream is translated frame by frame; nothing waits that the caller's format does not force to wait.

Keeps true: whatever a provider sends, what is written of it is no longer than LONGEST times the request and what was
read, and SLACK.
"""

from gatewatch.call import Tokens
from proxy.canonical.answer import Answer
from proxy.canonical.ask import Ask
from proxy.canonical.events import Ended, Event, Finished, ToolCalled, UsageSeen
from proxy.canonical.free_calls import FreeCalls
from proxy.canonical.losses import Losses
from proxy.canonical.seen import Seen, Told
from proxy.dialects.dialect import Destination, ProviderDialect, StreamWriter
from proxy.dialects.provider_error import UNREADABLE, ProviderError
from proxy.refusal import upstream
from proxy.settings import Caps
from proxy.upstream.exchange import Exchange
from proxy.worker.channel import Channel
from proxy.worker.inbound import Inbound
from proxy.worker.relay_stream import StreamTap
from proxy.worker.shaping.cache_marks import ask_for
from proxy.worker.straight import reasons_outside
from proxy.worker.upstream_error import not_readable, refusal_for

LONGEST = 16
"""A delta in the tersest of frames becomes five times as long in the longest, and Responses says each text five times,
and the request three times."""
SLACK = 1024 * 1024
MOST_CALLS = 1024
"""Tool calls of one reply: what is known of each is kept until it has ended."""
_AT_ONCE = 256
"""Events after which it is looked at how much they have become."""


def ask_of(inbound: Inbound) -> Ask:
    """The request in the canonical form, read once for all tries. Raises Refusal."""
    if inbound.ask is None:
        inbound.ask = inbound.caller.read(inbound.body)
    return inbound.ask


class TranslatedPassage:
    """Between two dialects."""

    def __init__(self, channel: Channel, to: Destination, losses: Losses, inbound: Inbound) -> None:
        ask = ask_for(inbound, ask_of(inbound), channel.dialect.name, to)
        self.request = channel.dialect.write(ask, to, losses)
        self.dropped = losses.dropped
        self._dialect = channel.dialect
        self._outside = reasons_outside(channel.dialect, to)
        self._inbound = inbound
        self._answer: Answer | None = None

    def held_bytes(self, caps: Caps) -> int:
        return caps.reply_bytes

    def read(self, reply: bytes) -> Seen:
        try:
            self._answer = self._dialect.read(reply)
        except ProviderError as error:
            raise refusal_for(error, {}) from None
        except UNREADABLE:
            raise not_readable() from None
        seen = Told()
        seen.reasoning_outside = self._outside
        seen.take_answer(self._answer)
        FreeCalls(ask_of(self._inbound).tools).free(self._answer)
        return seen

    def reply(self, tokens: Tokens) -> bytes | None:
        assert self._answer, "a reply is read before it is written"
        inbound = self._inbound
        return inbound.caller.write(self._answer, tokens, inbound.body, inbound.call.call_id)

    def tap(self, exchange: Exchange, caps: Caps) -> StreamTap:
        inbound = self._inbound
        writer = inbound.caller.writer(inbound.body, inbound.call.call_id)
        free = FreeCalls(ask_of(inbound).tools)
        tap = TranslatedTap(exchange, caps, self._dialect, writer, len(self.request), free)
        tap.reasoning_outside = self._outside
        return tap


class TranslatedTap(StreamTap, Told):
    """Frames of one dialect in, frames of another out."""

    def __init__(
        self,
        exchange: Exchange,
        caps: Caps,
        dialect: ProviderDialect,
        writer: StreamWriter,
        asked: int,
        free: FreeCalls | None = None,
    ) -> None:
        """`asked`: bytes of the request. `free`: its tools of free text."""
        super().__init__(exchange, caps, dialect)
        self._reader = dialect.reader()
        self._writer = writer
        self._free = free or None
        self._longest = SLACK + LONGEST * (asked + caps.reply_bytes)
        self._produced = 0
        self._tools_called = 0
        self._finished: set[int] = set()
        """Choices of which nothing more is told."""

    def last(self, tokens: Tokens) -> bytes:
        rest = self._writer.write(self._free.rest()) if self._free else b""
        return rest + self._writer.end(tokens)

    def _pass_on(self, frame: bytes, data: bytes) -> bytes:
        del frame
        return self._written(self._reader.read(data))

    def _without_data(self, frame: bytes) -> bytes:
        del frame
        return b""

    def _closed(self) -> bool:
        return any(type(event) is Ended for event in self._reader.closed())

    def _written(self, events: list[Event]) -> bytes:
        said: list[Event] = []
        for event in self._free.told(events) if self._free else events:
            if type(event) is Ended:
                self.done = True
                break
            kind = type(event)
            if self._finished and kind is not UsageSeen and getattr(event, "choice", 0) in self._finished:
                continue
            if kind is ToolCalled:
                self._count_call()
            elif isinstance(event, Finished):
                self._finished.add(event.choice)
            self.take(event)
            said.append(event)
        if len(said) <= _AT_ONCE:
            return self._write(said)
        return b"".join([self._write(said[at : at + _AT_ONCE]) for at in range(0, len(said), _AT_ONCE)])

    def _write(self, events: list[Event]) -> bytes:
        if not events:
            return b""
        frames = self._writer.write(events)
        self._produced += len(frames)
        if self._produced > self._longest - LONGEST * self._left:
            raise upstream(502, "upstream_invalid", "The provider's stream is too long in the caller's dialect.")
        return frames

    def _count_call(self) -> None:
        self._tools_called += 1
        if self._tools_called > MOST_CALLS:
            raise upstream(502, "upstream_invalid", f"The provider calls more than {MOST_CALLS} tools.")
