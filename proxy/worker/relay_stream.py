"""Relay of streams: only whole, well-formed frames become bytes for the caller.

Keeps true: half a frame and malformed JSON never reach the caller; once headers are out, every failure ends as one
error event and nothing after it.
"""

import time
from typing import Protocol

from gatewatch.call import Tokens
from proxy.canonical.seen import Seen
from proxy.dialects.dialect import ProviderDialect
from proxy.dialects.provider_error import UNREADABLE, ProviderError
from proxy.eventstream import EventFrames
from proxy.refusal import Refusal, upstream
from proxy.settings import Caps
from proxy.sse import BrokenFraming, FrameCutter
from proxy.upstream.exchange import Exchange
from proxy.worker.inbound import Inbound
from proxy.worker.streaming.ceiling import Watch
from proxy.worker.upstream_error import names_an_error, refusal_for


class StreamTap(Seen):
    """Reads frames on their way and says which bytes go out. What a frame becomes is a subclass's to say."""

    def __init__(self, exchange: Exchange, caps: Caps, dialect: ProviderDialect) -> None:
        super().__init__()
        self.done = False
        self.watch: Watch | None = None
        """Over what the call may cost."""
        self._exchange = exchange
        self._dialect = dialect
        cutter = EventFrames if dialect.framing == "aws" else FrameCutter
        self._cutter = cutter(caps.sse_line_bytes)
        self._left = caps.reply_bytes
        self._failure: Refusal | None = None

    async def next(self) -> bytes:
        """Bytes to pass on; b"" when the provider's end has come (its mark is not among them).

        Raises UpstreamFailed, and Refusal for an error event, a malformed frame, an end without its mark, or a reply
        that has cost too much.
        """
        out: list[bytes] = []
        while not out and not self.done:
            if self._failure:
                raise self._failure
            data = await self._exchange.read()
            if not data:
                self._end_at_close()
                break
            self._left -= len(data)
            if self._left < 0:
                raise upstream(502, "upstream_invalid", "The provider's stream is too long.")
            try:
                frames = self._cutter.feed(data)
            except BrokenFraming as broken:
                frames = broken.before
                self._failure = upstream(502, "upstream_invalid", f"The provider's stream is broken: {broken}.")
            try:
                for frame in frames:
                    payload = self._cutter.payload(frame)
                    passed = self._pass_on(frame, payload) if payload is not None else self._dataless(frame)
                    if passed:
                        out.append(passed)
                    if self.done:
                        break
            except Refusal as refusal:  # what was whole goes out first
                self._failure = refusal
            except ProviderError as error:
                self._failure = refusal_for(error, {})
            except UNREADABLE:
                self._failure = upstream(502, "upstream_invalid", "The provider sent an event that is not valid JSON.")
            if self.watch is not None and not self.done:
                self._failure = self._failure or self.watch.objection(self)
        return b"".join(out)

    def last(self, tokens: Tokens) -> bytes:
        """What the caller gets at the end, `tokens` being what the ledger says the call used."""
        raise NotImplementedError

    def _pass_on(self, frame: bytes, data: bytes) -> bytes:
        """What goes out for one frame with this payload. Sets `done`; raises ProviderError, UNREADABLE, Refusal."""
        raise NotImplementedError

    def _dataless(self, frame: bytes) -> bytes:
        self._raise_bare_error(frame)
        return self._without_data(frame)

    def _without_data(self, frame: bytes) -> bytes:
        """What goes out for a comment or a bare event."""
        return frame

    def _raise_bare_error(self, said: bytes) -> None:
        """Google breaks a stream off with bare JSON. Raises ProviderError."""
        if said.lstrip()[:1] in (b"{", b"[") and names_an_error(said):
            raise self._dialect.read_error(200, said)

    def _end_at_close(self) -> None:
        """Raises Refusal where the provider's close is not its end."""
        rest = self._cutter.rest.strip(b"\r\n")
        if not rest and self._closed():
            self.done = True
            return
        try:
            self._raise_bare_error(rest)
        except ProviderError as error:
            raise refusal_for(error, {}) from None
        raise upstream(502, "upstream_truncated", "The provider's stream ended before its end was marked.")

    def _closed(self) -> bool:
        """The provider closed the stream cleanly: whether that is an end."""
        return False


class Source(Protocol):
    """Where the caller's frames come from: a tap, or what stands before it."""

    def last(self, tokens: Tokens) -> bytes: ...
    async def next(self) -> bytes: ...


async def relay_frames(inbound: Inbound, source: Source, first: bytes) -> None:
    """Pass on frames until the end's mark. Raises as `StreamTap.next` does."""
    data, kept, flight, followed = first, inbound.kept, inbound.flight, inbound.is_followed
    while data:
        if flight is not None:
            flight.add(data)
        await inbound.request.write(data, followed)  # one client that is slow to read holds up no others
        if kept is not None:
            kept.add(data)
        if inbound.call.ttft_us is None:
            inbound.call.ttft_us = inbound.elapsed_us()
        waited = inbound.heard_ns = time.perf_counter_ns()
        try:
            data = await source.next()
        finally:
            inbound.upstream_ns += time.perf_counter_ns() - waited
