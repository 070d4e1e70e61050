"""Relay of plain replies: held up to a megabyte, so that cost and call id stand in the headers; longer ones stream."""

import msgspec

from proxy.canonical.seen import Seen
from proxy.dialects.openai_chat import tap as openai_chat
from proxy.refusal import upstream
from proxy.settings import Caps
from proxy.upstream.exchange import Exchange
from proxy.worker.inbound import Inbound
from proxy.worker.upstream_error import refusal_for_error_in_reply


class PlainReply(Seen):
    """A whole plain reply."""

    def read(self, body: bytes) -> None:
        """Take usage and facts out of a whole reply. Raises Refusal where it is not a reply of this dialect."""
        try:
            reply = openai_chat.decode_reply(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise upstream(502, "upstream_invalid", "The provider's reply is not valid JSON of this API.") from None
        if reply.error:
            raise refusal_for_error_in_reply(reply.error)
        if reply.choices is None and reply.data is None:
            raise upstream(502, "upstream_invalid", "The provider's reply has neither choices nor data.")
        self.usage = reply.usage
        self.name_model(reply.model, reply.service_tier)
        if reply.choices:
            self.finished(reply.choices[0].finish_reason)
            self.produced_characters = openai_chat.plain_characters(reply)


async def hold(exchange: Exchange, caps: Caps) -> tuple[bytes, bool]:
    """The reply's beginning, up to the cap for holding, and whether that is all of it. Raises UpstreamFailed."""
    first = await exchange.read()
    if exchange.complete:
        return first, True
    parts, size = [first], len(first)
    while size <= caps.held_reply_bytes:
        data = await exchange.read()
        if not data:
            return b"".join(parts), True
        parts.append(data)
        size += len(data)
        if exchange.complete:
            return b"".join(parts), True
    return b"".join(parts), False


class ReplyTooLong(Exception):
    """The reply has outgrown the cap; what went out must not look whole."""


async def stream_rest(inbound: Inbound, exchange: Exchange, held: bytes, cap: int) -> tuple[bytes, bytes]:
    """Pass on what is beyond the held part as it comes, except for its end.

    Returns the whole body and the piece that was not sent yet. Raises ReplyTooLong, UpstreamFailed.
    """
    parts, size, unsent = [held], len(held), held
    while data := await exchange.read():
        await inbound.request.write(unsent)
        parts.append(data)
        unsent = data
        size += len(data)
        if size > cap:
            raise ReplyTooLong
        if inbound.request.gone:
            exchange.abort("client_closed", "the client closed the connection")
    return b"".join(parts), unsent
