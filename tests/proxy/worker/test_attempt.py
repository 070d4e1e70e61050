"""One try at one upstream: what is sent, what is recorded, and what a failure means for the call."""

import asyncio
from collections.abc import Callable

import pytest

from proxy.settings import Deadlines, Provider, ProviderKey, Route, Target, Way
from proxy.upstream.exchange import Exchange
from proxy.worker.attempt import AttemptFailed, attempt, read_some
from proxy.worker.channel import Upstream
from proxy.worker.inbound import Inbound
from tests.kit.scripted_upstream import Conversation, ScriptedUpstream, scripted_upstream

TARGET = Target(provider="p", model="gpt-4o")
ROUTE = Route(name="r", targets=(TARGET,), deadlines=Deadlines(connect=5))
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-request-id: req_1\r\n\r\n{}"


def an_upstream(scripted: ScriptedUpstream, *, private: bool = True) -> Upstream:
    provider = Provider(
        name="p",
        ways=(Way(dialect="openai-chat", base_url=scripted.url),),
        keys=(ProviderKey(id="key-1", secret="sk-upstream"),),
        price_provider="openai",
        headers={"x-of-ours": "1"},
        allow_private=private,
    )
    return Upstream(provider, "gatewatch/test")


def answering(reply: bytes) -> Callable[[Conversation], object]:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(reply)
        await conversation.flushed()
        await conversation.gone()

    return script


async def one_try(made: Inbound, upstream: Upstream) -> None:
    due = asyncio.get_running_loop().time() + 10
    try:
        exchange, _ = await attempt(
            made, upstream.channels[0], TARGET, b'{"model":"gpt-4o"}', ROUTE, ROUTE.deadlines, due
        )
        assert await exchange.read() == b"{}"
    finally:
        upstream.close()


async def test_the_upstream_gets_our_key_and_little_of_what_the_client_sent(inbound: Callable[..., Inbound]) -> None:
    made = inbound({b"authorization": b"Bearer gwk_client", b"cookie": b"c=1", b"idempotency-key": b"once"})
    async with scripted_upstream(answering(OK)) as scripted:
        await one_try(made, an_upstream(scripted))
    (received,) = scripted.requests
    assert received.line == "POST /v1/chat/completions HTTP/1.1"
    assert received.headers["authorization"] == "Bearer sk-upstream"
    assert received.headers["accept-encoding"] == "identity"
    assert (received.headers["idempotency-key"], received.headers["x-of-ours"]) == ("once", "1")
    assert "cookie" not in received.headers
    assert b"gwk_client" not in received.head


async def test_a_try_is_recorded_with_its_provider_key_and_request_id(inbound: Callable[..., Inbound]) -> None:
    made = inbound()
    async with scripted_upstream(answering(OK)) as scripted:
        await one_try(made, an_upstream(scripted))
    (record,) = made.attempts
    assert (record.n, record.status, record.http_status) == (1, "ok", 200)
    assert (record.provider_key, record.upstream_request_id) == ("key-1", "req_1")
    assert record.connect_us is not None
    assert record.first_byte_us is not None


@pytest.mark.parametrize(
    ("headers", "known"),
    [
        ("request-id: req_018EeW", "req_018EeW"),
        ("x-amzn-RequestId: 6cd5", "6cd5"),
        ("apim-request-id: 8e5c\r\nx-request-id: b1a3", "b1a3"),
        ("apim-request-id: 8e5c", "8e5c"),
        ("X-Generation-Id: gen-17", "gen-17"),
        ("mistral-correlation-id: 019a", "019a"),
        ("x-ds-trace-id: 9b2f", "9b2f"),
        ("x-debug-trace-id: 3b0c", "3b0c"),
        ("x-cache: MISS", None),
    ],
)
async def test_what_a_provider_calls_the_request_is_recorded(
    inbound: Callable[..., Inbound], headers: str, known: str | None
) -> None:
    made = inbound()
    reply = f"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n{headers}\r\n\r\n{{}}".encode()
    async with scripted_upstream(answering(reply)) as scripted:
        await one_try(made, an_upstream(scripted))
    assert made.attempts[0].upstream_request_id == known


@pytest.mark.parametrize(
    ("status", "client_sees", "elsewhere"),
    [(400, 400, False), (401, 502, True), (404, 404, False), (429, 429, True), (500, 502, True), (503, 503, True)],
)
async def test_an_error_of_the_upstream_says_whether_another_target_may_help(
    inbound: Callable[..., Inbound], status: int, client_sees: int, elsewhere: bool
) -> None:
    made = inbound()
    reply = b"HTTP/1.1 %d X\r\ncontent-length: 0\r\n\r\n" % status
    async with scripted_upstream(answering(reply)) as scripted:
        with pytest.raises(AttemptFailed) as failed:
            await one_try(made, an_upstream(scripted))
    assert (failed.value.refusal.status, failed.value.may_go_elsewhere) == (client_sees, elsewhere)
    (record,) = made.attempts
    assert (record.status, record.http_status) == ("error", status)
    assert record.connect_us is not None
    assert record.first_byte_us is not None, "an error is an answer, too"


async def test_a_try_without_an_answer_has_a_connection_and_no_first_byte(inbound: Callable[..., Inbound]) -> None:
    async def leaves(conversation: Conversation) -> None:
        await conversation.request()
        conversation.close()

    made = inbound()
    async with scripted_upstream(leaves) as scripted:
        with pytest.raises(AttemptFailed):
            await one_try(made, an_upstream(scripted))
    (record,) = made.attempts
    assert record.connect_us is not None
    assert (record.http_status, record.first_byte_us) == (None, None)


async def test_a_private_address_gets_nothing_unless_the_provider_may_be_private(
    inbound: Callable[..., Inbound],
) -> None:
    made = inbound()
    async with scripted_upstream(answering(OK)) as scripted:
        with pytest.raises(AttemptFailed) as failed:
            await one_try(made, an_upstream(scripted, private=False))
        assert scripted.conversations == []
    assert failed.value.refusal.code == "upstream_unreachable"


async def test_only_the_beginning_of_a_long_error_is_read(inbound: Callable[..., Inbound]) -> None:
    reply = b"HTTP/1.1 500 X\r\ncontent-length: 1000000\r\n\r\n" + b"x" * 1_000_000
    made = inbound()
    async with scripted_upstream(answering(reply)) as scripted:
        with pytest.raises(AttemptFailed):
            await one_try(made, an_upstream(scripted))
    assert made.exchange is not None
    assert made.exchange.failure is not None
    assert made.exchange.connection is None, "the socket is let go of"


async def test_reading_some_of_a_body_stops_at_its_end() -> None:
    async with scripted_upstream(answering(OK)) as scripted:
        upstream = an_upstream(scripted)
        exchange = Exchange(Deadlines(), asyncio.get_running_loop().time() + 10)
        (channel,) = upstream.channels
        head = channel.models_head()
        assert head is not None
        await channel.pool.send(exchange, head, b"", Deadlines())
        await exchange.reply_started()
        assert await read_some(exchange, 100) == b"{}"
        upstream.close()
