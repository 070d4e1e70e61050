"""Relay of plain replies: held up to a megabyte, so that cost and call id stand in the headers; longer ones stream."""

from proxy.upstream.exchange import Exchange
from proxy.worker.inbound import Inbound


async def hold(exchange: Exchange, limit: int) -> tuple[bytes, bool]:
    """The reply's beginning, up to `limit` bytes, and whether that is all of it. Raises UpstreamFailed."""
    first = await exchange.read()
    if exchange.complete:
        return first, True
    parts, size = [first], len(first)
    while size <= limit:
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
        await inbound.request.write(unsent, inbound.is_followed)
        parts.append(data)
        unsent = data
        size += len(data)
        if size > cap:
            raise ReplyTooLong
        if inbound.is_left:
            exchange.abort("client_closed", "the client closed the connection")
    return b"".join(parts), unsent
