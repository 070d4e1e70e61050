"""Caller and provider speak the same dialect: frames and replies pass as they came, only their usage is read."""

from gatewatch.call import Tokens
from proxy.canonical.events import Ended
from proxy.canonical.losses import Losses
from proxy.canonical.seen import Seen, Told
from proxy.dialects.dialect import Destination, ProviderDialect
from proxy.dialects.provider_error import UNREADABLE, ProviderError
from proxy.settings import Caps
from proxy.upstream.exchange import Exchange
from proxy.worker.channel import Channel
from proxy.worker.inbound import Inbound
from proxy.worker.relay_stream import StreamTap
from proxy.worker.shaping.cache_marks import body_for
from proxy.worker.upstream_error import not_readable, refusal_for

_AS_OPENAI = frozenset({"openai-chat", "openai-responses"})


def reasons_outside(dialect: ProviderDialect, to: Destination) -> bool:
    """Whether reasoning stands beside the output in this provider's usage; other vendors' have one meaning each."""
    return to.quirks.reasoning_outside and dialect.name in _AS_OPENAI


class StraightPassage:
    """Nothing is translated, and nothing that only we do not know is lost."""

    def __init__(self, channel: Channel, to: Destination, losses: Losses, inbound: Inbound) -> None:
        body = body_for(inbound, channel.dialect.name, to)
        self.request = channel.dialect.forward(body, to, inbound.call.stream, losses)
        self.dropped = losses.dropped
        self._dialect = channel.dialect
        self._outside = reasons_outside(channel.dialect, to)

    def held_bytes(self, caps: Caps) -> int:
        return caps.held_reply_bytes

    def read(self, reply: bytes) -> Seen:
        seen = Told()
        seen.reasoning_outside = self._outside
        try:
            seen.take_answer(self._dialect.read(reply))
        except ProviderError as error:
            raise refusal_for(error, {}) from None
        except UNREADABLE:
            raise not_readable() from None
        return seen

    def reply(self, tokens: Tokens) -> bytes | None:
        del tokens
        return None

    def tap(self, exchange: Exchange, caps: Caps) -> StreamTap:
        tap = ReaderTap(exchange, caps, self._dialect)
        tap.reasoning_outside = self._outside
        return tap


class ReaderTap(StreamTap, Told):
    """Passes frames on and reads them through the canonical form."""

    def __init__(self, exchange: Exchange, caps: Caps, dialect: ProviderDialect) -> None:
        super().__init__(exchange, caps, dialect)
        self._reader = dialect.reader()
        self._last = b""

    def last(self, tokens: Tokens) -> bytes:
        del tokens
        return self._last

    def _pass_on(self, frame: bytes, data: bytes) -> bytes:
        for event in self._reader.read(data):
            if type(event) is Ended:
                self.done = True
                self._last = frame
                return b""
            self.take(event)
        return frame

    def _closed(self) -> bool:
        return any(type(event) is Ended for event in self._reader.closed())
