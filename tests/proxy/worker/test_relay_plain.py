"""Plain replies: read for their usage, held up to a cap, passed on but for their end beyond it."""

import asyncio
from collections.abc import Callable

import pytest

from proxy.refusal import Refusal
from proxy.settings import Caps, Deadlines
from proxy.upstream.exchange import Exchange
from proxy.worker.inbound import Inbound
from proxy.worker.relay_plain import PlainReply, ReplyTooLong, hold, stream_rest

REPLY = (
    b'{"model":"gpt-4o-2024-08-06","service_tier":"flex","choices":[{"message":{"content":"four"},'
    b'"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}'
)


def an_exchange() -> Exchange:
    exchange = Exchange(Deadlines(), asyncio.get_running_loop().time() + 10)
    exchange.started(200, {})
    return exchange


def test_a_whole_reply_tells_what_its_call_is_settled_by() -> None:
    reply = PlainReply()
    reply.read(REPLY)
    assert reply.usage == {"prompt_tokens": 3, "completion_tokens": 1}
    assert (reply.served_model, reply.service_tier, reply.finish_reason) == ("gpt-4o-2024-08-06", "flex", "stop")
    assert reply.produced_characters == len("four")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 502, "upstream_invalid"),
        (b'{"choices":[', 502, "upstream_invalid"),
        (b'{"hello":1}', 502, "upstream_invalid"),
        (b'{"error":{"message":"no","code":429}}', 429, "upstream_rate_limited"),
        (b'{"error":{"message":"no"}}', 502, "upstream_error"),
    ],
)
def test_a_200_that_is_no_reply_becomes_the_error_it_is(body: bytes, status: int, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        PlainReply().read(body)
    assert (refused.value.status, refused.value.code) == (status, code)


async def test_a_reply_within_the_cap_is_held_whole() -> None:
    exchange = an_exchange()
    exchange.feed(b"abc")
    holding = asyncio.create_task(hold(exchange, Caps(held_reply_bytes=10)))
    await asyncio.sleep(0)
    exchange.feed(b"def")
    exchange.finish()
    assert await holding == (b"abcdef", True)


async def test_a_longer_reply_is_held_to_the_cap_and_the_rest_is_passed_on_but_for_its_end(
    inbound: Callable[..., Inbound],
) -> None:
    exchange = an_exchange()
    exchange.feed(b"a" * 11)
    held, whole = await hold(exchange, Caps(held_reply_bytes=10))
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
