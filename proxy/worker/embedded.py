"""Embeddings of a provider that has its own form of them. Callers always speak OpenAI's."""

import msgspec

from gatewatch.call import Tokens
from gatewatch.usage import gemini
from proxy.canonical.losses import Losses
from proxy.canonical.seen import Seen
from proxy.dialects.dialect import Destination, Embedder
from proxy.dialects.provider_error import UNREADABLE, ProviderError
from proxy.refusal import Refusal
from proxy.settings import Caps
from proxy.upstream.exchange import Exchange
from proxy.worker.channel import Channel
from proxy.worker.inbound import Inbound
from proxy.worker.relay_stream import StreamTap
from proxy.worker.upstream_error import not_readable, refusal_for


class EmbeddedPassage:
    """Texts there, vectors back."""

    def __init__(self, channel: Channel, to: Destination, losses: Losses, inbound: Inbound) -> None:
        if not isinstance(channel.dialect, Embedder):
            raise Refusal(
                400,
                "unsupported_endpoint",
                f"The provider {to.provider!r} has no embeddings in the dialect {channel.dialect.name}.",
                param="model",
            )
        self._embedder = channel.dialect
        self._inbound = inbound
        self._reply: dict[str, object] = {}
        self.request = channel.dialect.write_embeddings(inbound.body, to, losses)
        self.dropped = losses.dropped

    def held_bytes(self, caps: Caps) -> int:
        return caps.reply_bytes

    def read(self, reply: bytes) -> Seen:
        try:
            body, usage = self._embedder.read_embeddings(reply, self._inbound.body)
        except ProviderError as error:
            raise refusal_for(error, {}) from None
        except UNREADABLE:
            raise not_readable() from None
        self._reply = msgspec.json.decode(body)
        seen = _EmbeddedSeen()
        seen.usage = usage
        return seen

    def reply(self, tokens: Tokens) -> bytes | None:
        usage = {"prompt_tokens": tokens.input, "total_tokens": tokens.input}
        return msgspec.json.encode({**self._reply, "usage": usage})

    def tap(self, exchange: Exchange, caps: Caps) -> StreamTap:
        del exchange, caps
        raise TypeError("embeddings are never streamed")


class _EmbeddedSeen(Seen):
    def tokens(self) -> Tokens | None:
        return None if self.usage is None else gemini.read(self.usage)
