"""Plain replies: held up to a cap, passed on but for their end beyond it."""

import asyncio
from collections.abc import Callable

import pytest

from proxy.settings import Deadlines
from proxy.upstream.exchange import Exchange
from proxy.worker.inbound import Inbound
from proxy.worker.relay_plain import ReplyTooLong, hold, stream_rest


def an_exchange() -> Exchange:
    exchange = Exchange(Deadlines(), asyncio.get_running_loop().time() + 10)
    exchange.started(200, {})
    return exchange


async def test_a_reply_within_the_cap_is_held_whole() -> None:
    exchange = an_exchange()
    exchange.feed(b"abc")
    holding = asyncio.create_task(hold(exchange, 10))
    await asyncio.sleep(0)
    exchange.feed(b"def")
    exchange.finish()
    assert await holding == (b"abcdef", True)


async def test_a_longer_reply_is_held_to_the_cap_and_the_rest_is_passed_on_but_for_its_end(
    inbound: Callable[..., Inbound],
) -> None:
    exchange = an_exchange()
    exchange.feed(b"a" * 11)
    held, whole = await hold(exchange, 10)
    assert (held, whole) == (b"a" * 11, False)

    made = inbound()
    sent: list[bytes] = []
    made.request.connection.write = sent.append  # type: ignore[method-assign]
    passing = asyncio.create_task(stream_rest(made, exchange, held, 100))
    await asyncio.sleep(0)
    exchange.feed(b"b")
    await asyncio.sleep(0)
    exchange.feed(b"c")
    exchange.finish()
    body, unsent = await passing
    assert body == b"a" * 11 + b"bc"
    assert b"".join(sent) + unsent == body
    assert unsent, "the end goes out only when the call is on record"


async def test_a_reply_that_outgrows_the_last_cap_is_not_made_to_look_whole(inbound: Callable[..., Inbound]) -> None:
    exchange = an_exchange()
    made = inbound()
    made.request.connection.write = lambda data: None  # type: ignore[method-assign]
    exchange.feed(b"b" * 200)
    with pytest.raises(ReplyTooLong):
        await stream_rest(made, exchange, b"a", 100)
