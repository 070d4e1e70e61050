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
from proxy.settings import Caps, Route, Target
from proxy.upstream.exchange import Exchange
from proxy.worker.channel import Channel
from proxy.worker.counted import CountedPassage
from proxy.worker.embedded import EmbeddedPassage
from proxy.worker.inbound import Inbound
from proxy.worker.relay_stream import StreamTap
from proxy.worker.straight import StraightPassage
from proxy.worker.straight_chat import StraightChat
from proxy.worker.translated import TranslatedPassage


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
