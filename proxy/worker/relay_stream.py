"""Relay of streams: whole, well-formed frames pass as they came, only their usage is read.

Keeps true: half a frame and malformed JSON never reach the client; the usage chunk is left out where the client did
not ask for it; once headers are out, every failure ends as one error event and nothing after it.
"""

import time

import msgspec

from proxy.canonical.seen import Seen
from proxy.dialects.openai_chat import tap as openai_chat
from proxy.refusal import Refusal, upstream
from proxy.settings import Caps
from proxy.sse import FrameCutter, FrameTooLong
from proxy.upstream.exchange import Exchange
from proxy.worker.inbound import Inbound
from proxy.worker.upstream_error import refusal_for_error_in_reply


class StreamTap(Seen):
    """Reads frames on their way and says which bytes may go out."""

    def __init__(self, exchange: Exchange, wants_usage: bool, caps: Caps) -> None:
        super().__init__()
        self.done = False
        self._exchange = exchange
        self._wants_usage = wants_usage
        self._cutter = FrameCutter(caps.sse_line_bytes)
        self._left = caps.reply_bytes
        self._failure: Refusal | None = None

    async def next(self) -> bytes:
        """Bytes to pass on; b"" when `[DONE]` has come (it is not among them).

        Raises UpstreamFailed, and Refusal for an error event, a malformed frame, or an end without `[DONE]`.
        """
        out: list[bytes] = []
        while not out and not self.done:
            if self._failure:
                raise self._failure
            data = await self._exchange.read()
            if not data:
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
                    if self._passes(frame):
                        out.append(frame)
                    if self.done:
                        break
            except Refusal as failure:
                self._failure = failure  # what was whole goes out first
        return b"".join(out)

    def _passes(self, frame: bytes) -> bool:
        data = self._cutter.payload(frame)
        if data is None:
            return True
        if data == openai_chat.DONE:
            self.done = True
            return False
        try:
            chunk = openai_chat.decode_chunk(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise upstream(502, "upstream_invalid", "The provider sent an event that is not valid JSON.") from None
        if chunk.error:
            raise refusal_for_error_in_reply(chunk.error)
        if chunk.usage is not None:
            self.usage = chunk.usage
        if self.served_model is None or (self.service_tier is None and chunk.service_tier):
            self.name_model(chunk.model, chunk.service_tier)
        if not chunk.choices:
            return chunk.usage is None or self._wants_usage
        for choice in chunk.choices:
            self.produced_characters += openai_chat.produced_characters(choice)
            if choice.finish_reason:
                self.finished(choice.finish_reason)
        return True


def error_event(refusal: Refusal) -> bytes:
    """The one event that ends a broken stream."""
    return b"data: " + refusal.openai_body() + b"\n\n"


async def relay_frames(inbound: Inbound, tap: StreamTap, first: bytes) -> None:
    """Pass on frames until `[DONE]`. Raises as `StreamTap.next` does."""
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
