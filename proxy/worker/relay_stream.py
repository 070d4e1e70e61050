"""Relay of streams: only whole, well-formed frames become bytes for the caller.

Keeps true: half a frame and malformed JSON never reach the caller; once headers are out, every failure ends as one
error event and nothing after it.
"""

import time

from gatewatch.call import Tokens
from proxy.canonical.seen import Seen
from proxy.dialects.provider_error import NotThisDialect, ProviderError
from proxy.refusal import Refusal, upstream
from proxy.settings import Caps
from proxy.sse import FrameCutter, FrameTooLong
from proxy.upstream.exchange import Exchange
from proxy.worker.inbound import Inbound
from proxy.worker.upstream_error import refusal_for


class StreamTap(Seen):
    """Reads frames on their way and says which bytes go out. What a frame becomes is a subclass's to say."""

    def __init__(self, exchange: Exchange, caps: Caps) -> None:
        super().__init__()
        self.done = False
        self._exchange = exchange
        self._cutter = FrameCutter(caps.sse_line_bytes)
        self._left = caps.reply_bytes
        self._failure: Refusal | None = None

    async def next(self) -> bytes:
        """Bytes to pass on; b"" when the provider's end has come (its mark is not among them).

        Raises UpstreamFailed, and Refusal for an error event, a malformed frame, or an end without its mark.
        """
        out: list[bytes] = []
        while not out and not self.done:
            if self._failure:
                raise self._failure
            data = await self._exchange.read()
            if not data:
                if self._closed():
                    self.done = True
                    break
                raise upstream(502, "upstream_truncated", "The provider's stream ended before its end was marked.")
            self._left -= len(data)
            if self._left < 0:
                raise upstream(502, "upstream_invalid", "The provider's stream is too long.")
            try:
                frames = self._cutter.feed(data)
            except FrameTooLong as too_long:
                frames = too_long.before
                self._failure = upstream(502, "upstream_invalid", "The provider sent an event that is too long.")
            try:
                for frame in frames:
                    payload = self._cutter.payload(frame)
                    passed = self._without_data(frame) if payload is None else self._pass_on(frame, payload)
                    if passed:
                        out.append(passed)
                    if self.done:
                        break
            except ProviderError as error:  # what was whole goes out first
                self._failure = refusal_for(error, {})
            except NotThisDialect:
                self._failure = upstream(502, "upstream_invalid", "The provider sent an event that is not valid JSON.")
        return b"".join(out)

    def last(self, tokens: Tokens) -> bytes:
        """What the caller gets at the end, `tokens` being what the ledger says the call used."""
        raise NotImplementedError

    def _pass_on(self, frame: bytes, data: bytes) -> bytes:
        """What goes out for one frame with this payload. Sets `done`; raises ProviderError, NotThisDialect."""
        raise NotImplementedError

    def _without_data(self, frame: bytes) -> bytes:
        """What goes out for a comment or a bare event."""
        return frame

    def _closed(self) -> bool:
        """The provider closed the stream cleanly: whether that is an end."""
        return False


async def relay_frames(inbound: Inbound, tap: StreamTap, first: bytes) -> None:
    """Pass on frames until the end's mark. Raises as `StreamTap.next` does."""
    data = first
    while data:
        await inbound.request.write(data)
        if inbound.call.ttft_us is None:
            inbound.call.ttft_us = inbound.elapsed_us()
        waited = time.perf_counter_ns()
        try:
            data = await tap.next()
        finally:
            inbound.upstream_ns += time.perf_counter_ns() - waited
