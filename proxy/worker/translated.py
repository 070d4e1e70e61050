"""Caller and provider speak different dialects: request, reply and every event of a stream go through the canonical
form. A stream is translated frame by frame; nothing waits that the caller's format does not force to wait.
"""

from gatewatch.call import Tokens
from proxy.canonical.answer import Answer
from proxy.canonical.ask import Ask
from proxy.canonical.events import Ended, Event
from proxy.canonical.losses import Losses
from proxy.canonical.seen import Seen, Told
from proxy.dialects.dialect import Destination, ProviderDialect, StreamWriter
from proxy.dialects.provider_error import NotThisDialect, ProviderError
from proxy.settings import Caps
from proxy.upstream.exchange import Exchange
from proxy.worker.channel import Channel
from proxy.worker.inbound import Inbound
from proxy.worker.relay_stream import StreamTap
from proxy.worker.upstream_error import not_readable, refusal_for


def ask_of(inbound: Inbound) -> Ask:
    """The request in the canonical form, read once for all tries. Raises Refusal."""
    if inbound.ask is None:
        inbound.ask = inbound.caller.read(inbound.body)
    return inbound.ask


class TranslatedPassage:
    """Between two dialects."""

    def __init__(self, channel: Channel, to: Destination, losses: Losses, inbound: Inbound) -> None:
        self.request = channel.dialect.write(ask_of(inbound), to, losses)
        self.dropped = losses.dropped
        self._dialect = channel.dialect
        self._inbound = inbound
        self._answer: Answer | None = None

    def held_bytes(self, caps: Caps) -> int:
        return caps.reply_bytes

    def read(self, reply: bytes) -> Seen:
        try:
            self._answer = self._dialect.read(reply)
        except ProviderError as error:
            raise refusal_for(error, {}) from None
        except NotThisDialect:
            raise not_readable() from None
        seen = Told()
        seen.take_answer(self._answer)
        return seen

    def reply(self, tokens: Tokens) -> bytes | None:
        assert self._answer, "a reply is read before it is written"
        inbound = self._inbound
        return inbound.caller.write(self._answer, tokens, inbound.body, inbound.call.call_id)

    def tap(self, exchange: Exchange, caps: Caps) -> StreamTap:
        inbound = self._inbound
        writer = inbound.caller.writer(inbound.body, inbound.call.call_id)
        return TranslatedTap(exchange, caps, self._dialect, writer)


class TranslatedTap(StreamTap, Told):
    """Frames of one dialect in, frames of another out."""

    def __init__(self, exchange: Exchange, caps: Caps, dialect: ProviderDialect, writer: StreamWriter) -> None:
        super().__init__(exchange, caps, dialect)
        self._reader = dialect.reader()
        self._writer = writer

    def last(self, tokens: Tokens) -> bytes:
        return self._writer.end(tokens)

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
        for event in events:
            if type(event) is Ended:
                self.done = True
                break
            self.take(event)
            said.append(event)
        return self._writer.write(said) if said else b""
