"""One request to a provider that is no call: to its files and batches.

Keeps true: a reply is read as it comes, and never more of it than is allowed.
"""

import asyncio
import re
from collections.abc import AsyncIterator

from proxy.settings import Deadlines
from proxy.upstream.exchange import Exchange
from proxy.upstream.failure import UpstreamFailed
from proxy.worker.attempt import read_some
from proxy.worker.channel import Channel

LONGEST_ANSWER = 4 * 1024 * 1024
LONGEST_LINE = 64 * 1024 * 1024
_DEADLINES = Deadlines(connect=10, first_byte=60, idle=60, total=600)


class Said(Exception):
    """The provider answered with an error."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"it answered {status}")
        self.status = status
        self.body = body

    @property
    def is_passing(self) -> bool:
        """Whether it may go well another time."""
        return self.status in (408, 409, 425, 429) or self.status >= 500


class Away(Exception):
    """The provider did not answer. Says why."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent
        """Whether it may have heard the request."""


_ID = re.compile(r"[A-Za-z0-9_.:-]{1,200}", re.ASCII)


def checked_id(id: str) -> str:
    """What a provider calls a thing of ours, if it can stand in a path. Raises Away."""
    if not _ID.fullmatch(id):
        raise Away("it names a thing so that it cannot be asked for", sent=True)
    return id


async def ask(
    channel: Channel,
    method: str,
    path: str,
    body: bytes = b"",
    *,
    content_type: str = "application/json",
    more: bytes = b"",
) -> bytes:
    """The body of a good answer. Raises Said, Away."""
    exchange = await _begun(channel, channel.head_of(method, path, len(body), content_type, more), body)
    answer = await read_some(exchange, LONGEST_ANSWER)
    if exchange.failure is not None:
        raise Away(exchange.failure.message, sent=True)
    return answer


async def lines(channel: Channel, path: str, *, more: bytes = b"") -> AsyncIterator[bytes]:
    """The lines of a long answer, one after the other. Raises Said, Away."""
    exchange = await _begun(channel, channel.head_of("GET", path, 0, more=more), b"")
    rest: list[bytes] = []
    size = 0
    try:
        while data := await exchange.read():
            *whole, last = data.split(b"\n")
            for line in whole:
                yield b"".join([*rest, line])
                rest, size = [], 0
            rest.append(last)
            size += len(last)
            if size > LONGEST_LINE:
                raise Away("a line of its answer is too long", sent=True)
    except UpstreamFailed as failure:
        raise Away(failure.message, sent=True) from None
    finally:
        if not exchange.complete:
            exchange.abort("upstream_invalid", "not read to its end")
    if last_line := b"".join(rest):
        yield last_line


async def _begun(channel: Channel, head: bytes, body: bytes) -> Exchange:
    exchange = Exchange(_DEADLINES, asyncio.get_running_loop().time() + _DEADLINES.total)
    try:
        await channel.pool.send(exchange, head, body, _DEADLINES)
        await exchange.reply_started()
        if exchange.status != 200:
            raise Said(exchange.status, await read_some(exchange, LONGEST_ANSWER))
    except UpstreamFailed as failure:
        raise Away(failure.message, sent=failure.sent) from None
    return exchange
