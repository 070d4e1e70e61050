"""OpenAI's chat, completions and embeddings on both sides: what most calls pass through, so it reads what counts and
nothing else. The usage chunk of a stream is left out where the caller did not ask for it.
"""

import msgspec

from gatewatch.call import Tokens
from gatewatch.usage import openai
from proxy.canonical.losses import Losses
from proxy.canonical.seen import Seen
from proxy.dialects.dialect import Destination, ProviderDialect
from proxy.dialects.openai_chat import tap
from proxy.dialects.provider_error import NotThisDialect
from proxy.refusal import upstream
from proxy.settings import Caps
from proxy.upstream.exchange import Exchange
from proxy.worker.channel import Channel
from proxy.worker.inbound import Inbound
from proxy.worker.relay_stream import StreamTap
from proxy.worker.shaping.cache_marks import body_for
from proxy.worker.upstream_error import not_readable, refusal_for

_DONE_FRAME = b"data: " + tap.DONE + b"\n\n"


class StraightChat:
    """A passage as `StraightPassage`."""

    def __init__(self, channel: Channel, to: Destination, losses: Losses, inbound: Inbound) -> None:
        body = body_for(inbound, channel.dialect.name, to)
        self.request = channel.dialect.forward(body, to, inbound.call.stream, losses)
        self.dropped = losses.dropped
        self._dialect = channel.dialect
        self._outside = to.quirks.reasoning_outside
        self._body = inbound.body

    def held_bytes(self, caps: Caps) -> int:
        return caps.held_reply_bytes

    def read(self, reply: bytes) -> Seen:
        return read_chat(reply, self._dialect, ChatSeen(reasoning_outside=self._outside))

    def reply(self, tokens: Tokens) -> bytes | None:
        del tokens
        return None

    def tap(self, exchange: Exchange, caps: Caps) -> StreamTap:
        return ChatTap(exchange, caps, self._dialect, tap.wants_usage(self._body), reasoning_outside=self._outside)


class ChatSeen(Seen):
    """What chat tells of its usage, by the provider's own arithmetic."""

    def __init__(self, *, reasoning_outside: bool = False) -> None:
        super().__init__()
        self._outside = reasoning_outside

    def tokens(self) -> Tokens | None:
        return openai.read(self.usage, reasoning_outside=self._outside)


def read_chat(body: bytes, dialect: ProviderDialect, seen: Seen) -> Seen:
    """Usage and facts of a whole reply, into `seen`. Raises Refusal where it is not a reply of this dialect."""
    try:
        reply = tap.decode_reply(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise not_readable() from None
    if reply.error:
        raise refusal_for(dialect.read_error(200, body), {})
    if reply.choices is None and reply.data is None:
        raise upstream(502, "upstream_invalid", "The provider's reply has neither choices nor data.")
    seen.usage = reply.usage
    seen.name_model(reply.model, reply.service_tier)
    if reply.choices:
        seen.finished(reply.choices[0].finish_reason)
        seen.produced_characters = tap.plain_characters(reply)
    return seen


class ChatTap(StreamTap):
    """Frames pass as they came."""

    def __init__(
        self,
        exchange: Exchange,
        caps: Caps,
        dialect: ProviderDialect,
        wants_usage: bool,
        *,
        reasoning_outside: bool = False,
    ) -> None:
        super().__init__(exchange, caps, dialect)
        self._wants_usage = wants_usage
        self._outside = reasoning_outside

    def tokens(self) -> Tokens | None:
        return openai.read(self.usage, reasoning_outside=self._outside)

    def last(self, tokens: Tokens) -> bytes:
        del tokens
        return _DONE_FRAME

    def _pass_on(self, frame: bytes, data: bytes) -> bytes:
        if data == tap.DONE:
            self.done = True
            return b""
        try:
            chunk = tap.decode_chunk(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise NotThisDialect from None
        if chunk.error:
            raise self._dialect.read_error(200, data)
        if chunk.usage is not None:
            self.usage = chunk.usage
        elif chunk.x_groq is not None:
            if chunk.x_groq.error:
                raise self._dialect.read_error(200, msgspec.json.encode({"error": chunk.x_groq.error}))
            self.usage = chunk.x_groq.usage or self.usage
        if self.served_model is None or (self.service_tier is None and chunk.service_tier):
            self.name_model(chunk.model, chunk.service_tier)
        if not chunk.choices:
            return frame if chunk.usage is None or self._wants_usage else b""
        for choice in chunk.choices:
            self.produced_characters += tap.produced_characters(choice)
            if choice.finish_reason:
                self.finished(choice.finish_reason)
        return frame
