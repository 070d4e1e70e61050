"""Taps on a reply that arrives in pieces, for tests that decide where a read ends."""

import asyncio
from collections.abc import Iterable

from gatewatch.call import Tokens
from proxy.dialects.dialect import StreamWriter
from proxy.dialects.registry import caller_dialects
from proxy.refusal import Refusal
from proxy.settings import Caps, Deadlines
from proxy.upstream.exchange import Exchange
from proxy.worker.relay_stream import StreamTap
from proxy.worker.straight import ReaderTap
from proxy.worker.straight_chat import ChatTap
from proxy.worker.translated import TranslatedTap
from tests.kit.provider_streams import dialect_of

CALL_ID = "0198c0de-0000-7000-8000-000000000001"
CALLERS = caller_dialects()
BODIES = {
    "chat": {"model": "m", "messages": [], "stream": True, "stream_options": {"include_usage": True}},
    "completions": {"model": "m", "prompt": "hi", "stream": True, "stream_options": {"include_usage": True}},
    "responses": {"model": "m", "input": "hi", "stream": True},
    "messages": {"model": "m", "max_tokens": 100, "messages": [], "stream": True},
}
"""Who may ask for a stream, and the request."""


def an_exchange(reads: Iterable[bytes] = (), *, ends: bool = True) -> Exchange:
    """A reply that has arrived so, each read by itself or, where nobody waits, at once."""
    exchange = Exchange(Deadlines(), asyncio.get_running_loop().time() + 60)
    exchange.started(200, {})
    for data in reads:
        exchange.feed(data)
    if ends:
        exchange.finish()
    return exchange


def a_writer(caller: str) -> StreamWriter:
    return CALLERS[caller].writer(BODIES[caller], CALL_ID)


def translated(exchange: Exchange, provider: str, caller: str, caps: Caps = Caps()) -> TranslatedTap:  # noqa: B008
    return TranslatedTap(exchange, caps, dialect_of(provider), a_writer(caller), asked=100)


def straight(exchange: Exchange, provider: str, caps: Caps = Caps()) -> StreamTap:  # noqa: B008
    if provider == "openai-chat":
        return ChatTap(exchange, caps, dialect_of(provider), wants_usage=True)
    return ReaderTap(exchange, caps, dialect_of(provider))


async def passed(tap: StreamTap) -> bytes:
    """Everything that goes out before the end. Raises Refusal."""
    out = []
    while data := await tap.next():
        out.append(data)
    return b"".join(out)


async def whole(tap: StreamTap) -> bytes:
    """All of a good stream, the provider's usage told at its end."""
    return await passed(tap) + tap.last(tap.tokens() or Tokens())


async def broken(tap: StreamTap) -> tuple[bytes, Refusal]:
    """What goes out of a stream that breaks, and why it broke."""
    out = []
    try:
        while data := await tap.next():
            out.append(data)
    except Refusal as refusal:
        return b"".join(out), refusal
    raise AssertionError(f"the stream ended well after {b''.join(out)!r}")


async def in_reads(tap: StreamTap, exchange: Exchange, reads: Iterable[bytes]) -> bytes:
    """All of a good stream whose reads arrive one after the other, each once the one before it was taken."""
    out: list[bytes] = []

    async def take() -> None:
        out.append(await whole(tap))

    taking = asyncio.create_task(take())
    for data in reads:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        exchange.feed(data)
    exchange.finish()
    await taking
    return out[0]
