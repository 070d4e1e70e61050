"""Counting tokens: by the provider where its API can, else by our own estimate, which says so."""

import msgspec

from gatewatch.call import Tokens
from proxy.canonical.losses import Losses
from proxy.canonical.seen import Seen
from proxy.dialects.anthropic_messages import count_reply
from proxy.dialects.dialect import Destination, ProviderDialect, TokenCounter
from proxy.dialects.provider_error import UNREADABLE, ProviderError
from proxy.refusal import Refusal
from proxy.settings import Caps
from proxy.upstream.exchange import Exchange
from proxy.worker.channel import Channel
from proxy.worker.inbound import Inbound
from proxy.worker.relay_stream import StreamTap
from proxy.worker.translated import ask_of
from proxy.worker.upstream_error import not_readable, refusal_for

ESTIMATED = ((b"x-gatewatch-estimated", b"input_tokens"),)
"""Response header of a count that no provider made."""


def can_count(dialect: ProviderDialect) -> bool:
    return "count_tokens" in dialect.endpoints or isinstance(dialect, TokenCounter)


def counts_nothing(dialect: ProviderDialect, refusal: Refusal, model: str) -> bool:
    """Whether a provider refuses because of its vendor's API it has everything but the counting (Ollama, DeepSeek, …).

    Where apps ask for the count themselves, a model that does not exist stays the 404 that it is.
    """
    if refusal.status not in (404, 405):
        return False
    about_model = refusal.code == "model_not_found" or model in refusal.message
    return "count_tokens" not in dialect.endpoints or refusal.status == 405 or not about_model


class CountedPassage:
    """A passage whose reply is one number. It costs nothing."""

    def __init__(self, channel: Channel, to: Destination, losses: Losses, inbound: Inbound) -> None:
        self._dialect = channel.dialect
        self._own = "count_tokens" in channel.dialect.endpoints
        self._count = 0
        if self._own:
            self.request = channel.dialect.forward(inbound.body, to, False, losses)
        else:
            if not isinstance(channel.dialect, TokenCounter):
                raise Refusal(
                    400,
                    "unsupported_endpoint",
                    f"The provider {to.provider!r} counts no tokens in the dialect {channel.dialect.name}.",
                    param="model",
                )
            self.request = channel.dialect.write_count(ask_of(inbound), to, losses)
        self.dropped = losses.dropped

    def held_bytes(self, caps: Caps) -> int:
        return caps.held_reply_bytes

    def read(self, reply: bytes) -> Seen:
        if not self._own:
            assert isinstance(self._dialect, TokenCounter)
            try:
                self._count = self._dialect.read_count(reply)
            except ProviderError as error:
                raise refusal_for(error, {}) from None
            except UNREADABLE:
                raise not_readable() from None
        elif not _is_count(reply):
            raise not_readable()
        return Seen()

    def reply(self, tokens: Tokens) -> bytes | None:
        del tokens
        return None if self._own else count_reply(self._count)

    def tap(self, exchange: Exchange, caps: Caps) -> StreamTap:
        del exchange, caps
        raise TypeError("a count is never streamed")


def _is_count(reply: bytes) -> bool:
    try:
        said = msgspec.json.decode(reply, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return isinstance(said.get("input_tokens"), int)
