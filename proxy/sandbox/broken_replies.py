"""Replies that go wrong on the wire: good ones, harmed in one exact way.

Where a fault is about streams, a plain reply is harmed in the nearest way there is, or is good (docs/sandbox.md).
Anything large is generated block by block.
"""

import asyncio
import gzip
import zlib
from collections.abc import Iterable, Iterator

from proxy.sandbox.answer import Answer
from proxy.sandbox.demands import Demands
from proxy.sandbox.exchange import Exchange
from proxy.sandbox.filler import filled
from proxy.sandbox.wire import HTML

BAD_GATEWAY_PAGE = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    b"<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n"
)

_HUGE = 100_000_000
_LONG_LINE = 10_000_000
_SECONDS_PER_DRIP = 1.0


# whole replies


def page(exchange: Exchange, _answer: Answer, _demands: Demands) -> bytes:
    """A web page instead of JSON, with status 200."""
    return exchange.plain(b"<html><body>Please log in.</body></html>\n", content_type=HTML)


def error_in_a_good_reply(exchange: Exchange, _answer: Answer, _demands: Demands) -> bytes:
    """Status 200 and JSON, but an error in it; also where a stream was asked for."""
    return exchange.plain(exchange.manners.error_in_a_good_reply(exchange.request_id))


def nothing(exchange: Exchange, answer: Answer, _demands: Demands) -> bytes:
    """Status 200 and no byte of body."""
    return exchange.events_head() + exchange.end() if answer.stream else exchange.plain(b"")


def half_the_json(exchange: Exchange, answer: Answer, _demands: Demands) -> bytes:
    """Half of the JSON, of the length that is said; also where a stream was asked for."""
    body = answer.body()
    return exchange.plain(body[: len(body) // 2])


def compressed(exchange: Exchange, answer: Answer, _demands: Demands) -> bytes:
    """Gzip, whatever was accepted."""
    extra = "Content-Encoding: gzip\r\n"
    if not answer.stream:
        return exchange.plain(gzip.compress(answer.body(), mtime=0), extra=extra)
    zipped = gzip.compress(b"".join(answer.frames()), mtime=0)
    return exchange.events_head(extra) + exchange.chunk(zipped) + exchange.end()


# replies that stop


async def shorter_than_said(exchange: Exchange, answer: Answer, _demands: Demands) -> None:
    """Half of what Content-Length promises, then FIN; also of a stream."""
    _half_a_body(exchange, answer)
    exchange.close()


async def stall(exchange: Exchange, answer: Answer, _demands: Demands) -> None:
    """Head and first delta (or half of the body), then nothing, while the connection stays."""
    await _beginning(exchange, answer)
    await exchange.silence()


async def close_without_a_word(exchange: Exchange, _answer: Answer, _demands: Demands) -> None:
    """FIN where the head should be."""
    exchange.close()


async def reset_without_a_word(exchange: Exchange, _answer: Answer, _demands: Demands) -> None:
    """RST where the head should be."""
    await exchange.reset()


async def reset_in_the_middle(exchange: Exchange, answer: Answer, _demands: Demands) -> None:
    """First deltas (or half of the body), then RST."""
    await _beginning(exchange, answer)
    await exchange.reset()


async def end_in_the_middle(exchange: Exchange, answer: Answer, _demands: Demands) -> None:
    """First deltas (or half of the body), then FIN: no last chunk, or fewer bytes than promised."""
    await _beginning(exchange, answer)
    exchange.close()


async def clean_end_too_soon(exchange: Exchange, answer: Answer, _demands: Demands) -> None:
    """Half of the deltas and a clean end: no finish reason, no usage, no last frames. A plain reply is good."""
    frames = answer.frames() if answer.stream else []
    await _frames_or_body(exchange, answer, frames[: max(2, len(frames) // 2)])


async def half_a_frame(exchange: Exchange, answer: Answer, _demands: Demands) -> None:
    """First deltas, half of the next frame, clean end. A plain reply is good."""
    frames = answer.frames()[: _first(exchange) + 1] if answer.stream else []
    await _frames_or_body(exchange, answer, [*frames[:-1], *(frame[: len(frame) // 2] for frame in frames[-1:])])


# replies that say something wrong


async def malformed_frame(exchange: Exchange, answer: Answer, _demands: Demands) -> None:
    """One frame whose JSON is cut off, and the rest as it should be; of a plain reply, JSON with its end cut off."""
    if not answer.stream:
        exchange.write(exchange.plain(answer.body()[:-1]))
        return
    frames = answer.frames()
    at = min(_first(exchange), len(frames)) - 1
    await exchange.send_frames([*frames[:at], exchange.manners.framing.malformed(frames[at]), *frames[at + 1 :]])


async def wrong_checksum(exchange: Exchange, answer: Answer, _demands: Demands) -> None:
    """One frame with a wrong checksum, where frames have one, and the rest as it should be. A plain reply is good."""
    frames = answer.frames() if answer.stream else []
    at = min(_first(exchange), len(frames)) - 1
    harmed = [exchange.manners.framing.with_wrong_checksum(frame) for frame in frames[at : at + 1]]
    await _frames_or_body(exchange, answer, [*frames[:at], *harmed, *frames[at + 1 :]])


async def error_event(exchange: Exchange, answer: Answer, demands: Demands) -> None:
    """First deltas, an error as an event, a clean end; of a plain reply, an error with status 200."""
    if answer.stream:
        failure = exchange.manners.refusals[exchange.manners.failing].error(exchange.model or "")
        event = exchange.manners.error_event(failure, exchange.request_id)
        await exchange.send_frames([*answer.frames()[: _first(exchange)], event])
    else:
        exchange.write(error_in_a_good_reply(exchange, answer, demands))


async def carriage_returns(exchange: Exchange, answer: Answer, _demands: Demands) -> None:
    """Frames whose lines end in CR LF. A plain reply is good."""
    frames = answer.frames() if answer.stream else []
    await _frames_or_body(exchange, answer, [exchange.manners.framing.with_carriage_returns(frame) for frame in frames])


# replies of a size


async def huge(exchange: Exchange, answer: Answer, demands: Demands) -> None:
    """A good reply grown to so many bytes: by a member `filler` with a true Content-Length, or by more deltas."""
    size = _HUGE if demands.bytes is None else demands.bytes
    if answer.stream:
        await _send_events(exchange, _repeated_deltas(answer.frames(), exchange.manners.opening, size))
        return
    grown = filled(answer.body(), size)
    exchange.write(exchange.head(length=grown.length))
    await exchange.send_blocks(grown.blocks())


async def huge_chunked(exchange: Exchange, answer: Answer, demands: Demands) -> None:
    """The same as `huge`, but nobody is told the length beforehand."""
    if answer.stream:
        await huge(exchange, answer, demands)
        return
    exchange.write(exchange.head())
    grown = filled(answer.body(), _HUGE if demands.bytes is None else demands.bytes)
    await exchange.send_blocks(exchange.chunk(block) for block in grown.blocks())
    exchange.write(exchange.end())


async def gzip_bomb(exchange: Exchange, answer: Answer, demands: Demands) -> None:
    """The plain reply of `huge`, gzipped: a thousandth on the wire; also where a stream was asked for."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    grown = filled(answer.body(), _HUGE if demands.bytes is None else demands.bytes)
    exchange.write(exchange.head(extra="Content-Encoding: gzip\r\n"))
    for block in grown.blocks():
        if packed := packer.compress(block):
            exchange.write(exchange.chunk(packed))
            await exchange.drain()
        await asyncio.sleep(0)
    exchange.write(exchange.chunk(packer.flush()) + exchange.end())


async def long_line(exchange: Exchange, answer: Answer, demands: Demands) -> None:
    """One frame of so many bytes on one line, and the rest as it should be. A plain reply is good."""
    if not answer.stream:
        exchange.write(exchange.plain(answer.body()))
        return
    frames = answer.frames()
    at = min(exchange.manners.opening, len(frames) - 1)
    grown = exchange.manners.framing.long(frames[at], _LONG_LINE if demands.bytes is None else demands.bytes)
    await _send_events(exchange, [*frames[:at], *grown, *frames[at + 1 :]])


# replies of a pace


async def drip(exchange: Exchange, answer: Answer, _demands: Demands) -> None:
    """The head, then one byte of body a second."""
    if answer.stream:
        exchange.write(exchange.events_head())
        body = b"".join([exchange.chunk(frame) for frame in answer.frames()]) + exchange.end()
    else:
        body = answer.body()
        exchange.write(exchange.head(length=len(body)))
    for at in range(len(body)):
        exchange.write(body[at : at + 1])
        await exchange.drain()
        await asyncio.sleep(_SECONDS_PER_DRIP)


async def close_after(exchange: Exchange, answer: Answer, _demands: Demands) -> None:
    """A good reply that promises to keep the connection, which then ends: the next request on it is lost."""
    await _frames_or_body(exchange, answer, answer.frames() if answer.stream else [])
    exchange.close()


async def _frames_or_body(exchange: Exchange, answer: Answer, frames: Iterable[bytes]) -> None:
    if answer.stream:
        await exchange.send_frames(frames)
    else:
        exchange.write(exchange.plain(answer.body()))


async def _beginning(exchange: Exchange, answer: Answer) -> None:
    if answer.stream:
        await exchange.send_frames(answer.frames()[: _first(exchange)], clean_end=False)
    else:
        _half_a_body(exchange, answer)


def _half_a_body(exchange: Exchange, answer: Answer) -> None:
    body = b"".join(answer.frames()) if answer.stream else answer.body()
    head = exchange.events_head(length=len(body)) if answer.stream else exchange.head(length=len(body))
    exchange.write(head + body[: len(body) // 2])


def _first(exchange: Exchange) -> int:
    """Frames that a stream gets out before it breaks: its opening and two deltas."""
    return exchange.manners.opening + 2


def _repeated_deltas(frames: list[bytes], opening: int, size: int) -> Iterator[bytes]:
    at = min(opening, len(frames) - 1)
    sent = 0
    yield from frames[:at]
    while sent < size:
        sent += len(frames[at])
        yield frames[at]
    yield from frames[at + 1 :]


async def _send_events(exchange: Exchange, blocks: Iterable[bytes]) -> None:
    exchange.write(exchange.events_head())
    await exchange.send_blocks(exchange.chunk(block) for block in blocks)
    exchange.write(exchange.end())
