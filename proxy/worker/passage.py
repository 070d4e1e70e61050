"""How a call passes between its caller and one target: as it came where both speak the same, else translated.

A passage knows the request for the provider, what to read of the reply, and what the caller gets. Nothing in it waits.
"""

from typing import Protocol

import msgspec

from gatewatch.call import Tokens
from gatewatch.providers.opt_out import merged, opt_out_of
from proxy.canonical.losses import Losses
from proxy.canonical.seen import Seen
from proxy.dialects.dialect import ProviderDialect
from proxy.refusal import Refusal
from proxy.settings import Caps, Route, Target
from proxy.upstream.exchange import Exchange
from proxy.worker.channel import Channel, Upstream
from proxy.worker.counted import CountedPassage
from proxy.worker.embedded import EmbeddedPassage
from proxy.worker.inbound import Inbound
from proxy.worker.relay_stream import StreamTap
from proxy.worker.straight import StraightPassage
from proxy.worker.straight_chat import StraightChat
from proxy.worker.translated import TranslatedPassage

_OF_THE_DIALECT = frozenset({"unsupported_parameter", "unsupported_endpoint"})
"""What another dialect of the same provider may be able to do."""


class Passage(Protocol):
    """One try's way there and back."""

    request: bytes
    """What the provider is sent."""
    dropped: list[str]
    """The caller's parameters that it is not told."""

    def held_bytes(self, caps: Caps) -> int:
        """How much of a plain reply is held before any of it goes out."""

    def read(self, reply: bytes) -> Seen:
        """A whole plain reply. Raises Refusal where it is none, or says that it failed."""

    def reply(self, tokens: Tokens) -> bytes | None:
        """The reply that was read, for the caller; None: as it came."""

    def tap(self, exchange: Exchange, caps: Caps) -> StreamTap:
        """For a streamed reply."""


def best_passage(upstream: Upstream, target: Target, route: Route, inbound: Inbound) -> tuple[Channel, Passage]:
    """Through the first of the provider's dialects that can be told all of it; where none can, the best one decides.

    Raises Refusal where the request cannot be put in that one.
    """
    best, *others = upstream.candidates(inbound.call.endpoint)
    if not others:
        return best, passage_to(best, target, route, inbound)
    passage = _passage_or_loss(best, target, route, inbound)
    if isinstance(passage, Refusal) or passage.dropped:
        for channel in others:
            other = _passage_or_loss(channel, target, route, inbound)
            if not isinstance(other, Refusal) and not other.dropped:
                return channel, other
    if isinstance(passage, Refusal):
        raise passage
    return best, passage


def _passage_or_loss(channel: Channel, target: Target, route: Route, inbound: Inbound) -> Passage | Refusal:
    """Raises Refusal for what no dialect could mend."""
    try:
        return passage_to(channel, target, route, inbound)
    except Refusal as refusal:
        if refusal.code not in _OF_THE_DIALECT:
            raise
        return refusal


def passage_to(channel: Channel, target: Target, route: Route, inbound: Inbound) -> Passage:
    """The passage to one target. Raises Refusal where the request cannot be put in the target's dialect."""
    to = channel.destination(target.model)
    losses = Losses(target.provider, drop=route.drop_params, names=inbound.caller.names)
    passage: Passage = _kind(channel.dialect, inbound.call.endpoint)(channel, to, losses, inbound)
    if route.opt_out:
        quirks, endpoint = channel.provider.quirks, inbound.call.endpoint
        if more := opt_out_of(quirks, channel.dialect.name, endpoint, zero_retention=route.zero_retention):
            passage.request = msgspec.json.encode(merged(msgspec.json.decode(passage.request), more))
    return passage


def _kind(
    dialect: ProviderDialect, endpoint: str
) -> type[StraightChat | StraightPassage | TranslatedPassage | EmbeddedPassage | CountedPassage]:
    if endpoint == "count_tokens":
        return CountedPassage
    if endpoint in dialect.endpoints:
        return StraightChat if dialect.name == "openai-chat" else StraightPassage
    return EmbeddedPassage if endpoint == "embeddings" else TranslatedPassage
