"""One socket carries one reply at a time; whatever could run into the next one closes it."""

import asyncio
from collections.abc import Callable

import pytest

from proxy.upstream.connection import HEADER_BYTES
from proxy.upstream.failure import UpstreamFailed
from tests.kit.scripted_upstream import (
    LAST_CHUNK,
    STREAM_HEAD,
    Conversation,
    answers,
    chunk,
    http,
    scripted_upstream,
)
from tests.kit.waiting import until
from tests.proxy.upstream.conftest import Client, everything

NewClient = Callable[..., Client]

OK = http(200, b"first")


async def test_a_socket_is_used_again_after_a_whole_reply(client: NewClient) -> None:
    replies = [OK, http(500, b"error"), STREAM_HEAD + chunk(b"a") + chunk(b"b") + LAST_CHUNK, http(200, b"")]
    async with scripted_upstream(answers(*replies)) as upstream:
        ours = client(upstream.url)
        assert [await ours.ask() for _ in replies] == [(200, b"first"), (500, b"error"), (200, b"ab"), (200, b"")]
        assert len(upstream.conversations) == 1
        assert [exchange.connect_us is None for exchange in ours.exchanges] == [False, True, True, True]


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(http(200, b"first", "connection: close"), id="connection: close"),
        pytest.param(b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nfirst", id="HTTP/1.0"),
    ],
)
async def test_a_socket_that_the_upstream_will_close_is_not_used_again(client: NewClient, reply: bytes) -> None:
    async with scripted_upstream(answers(reply)) as upstream:
        ours = client(upstream.url)
        assert await ours.ask() == (200, b"first")
        assert ours.open_sockets == 0 or await until(lambda: not ours.open_sockets) is None
        assert await ours.ask() == (200, b"first")
        assert len(upstream.conversations) == 2


async def test_a_body_without_length_ends_with_the_connection(client: NewClient) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(b"HTTP/1.1 200 OK\r\n\r\nfirst")
        await conversation.flushed()
        conversation.send(b" second")
        conversation.close()

    async with scripted_upstream(script) as upstream:
        ours = client(upstream.url)
        assert await ours.ask() == (200, b"first second")
        await until(lambda: not ours.open_sockets)


async def test_a_body_without_length_that_is_reset_is_truncated(client: NewClient) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(b"HTTP/1.1 200 OK\r\n\r\nfirst")
        await started.wait()
        conversation.reset()

    started = asyncio.Event()
    async with scripted_upstream(script) as upstream:
        exchange = await client(upstream.url).start()
        assert await exchange.read() == b"first"
        started.set()
        with pytest.raises(UpstreamFailed) as failed:
            await everything(exchange)
    assert failed.value.kind == "upstream_truncated"


@pytest.mark.parametrize("status", [100, 102, 103])
async def test_interim_replies_are_passed_over(client: NewClient, status: int) -> None:
    interim = b"HTTP/1.1 %d X\r\nlink: </x>\r\n\r\n" % status
    async with scripted_upstream(answers(interim * 3 + OK, interim + OK)) as upstream:
        ours = client(upstream.url)
        assert await ours.ask() == (200, b"first")
        assert await ours.ask() == (200, b"first")
        assert b"link" not in ours.exchanges[0].headers
        assert len(upstream.conversations) == 1


@pytest.mark.parametrize("status", [204, 304])
async def test_a_reply_without_a_body_is_whole_with_its_headers(client: NewClient, status: int) -> None:
    async with scripted_upstream(answers(b"HTTP/1.1 %d X\r\n\r\n" % status, OK)) as upstream:
        ours = client(upstream.url)
        assert await ours.ask() == (status, b"")
        assert await ours.ask() == (200, b"first")


SECOND = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged"


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param(SECOND, id="a whole second reply"),
        pytest.param(SECOND[:-3], id="the beginning of a second reply"),
        pytest.param(SECOND[: SECOND.index(b"\r\n\r\n")], id="half a head"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{", id="a reply that the next one would complete"),
        pytest.param(b"garbage", id="garbage"),
        pytest.param(b"\x00", id="NUL"),
    ],
)
@pytest.mark.parametrize("behind", ["the length", "the last chunk"])
async def test_bytes_behind_a_reply_never_reach_the_next_call(client: NewClient, extra: bytes, behind: str) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        first = OK if behind == "the length" else STREAM_HEAD + chunk(b"first") + LAST_CHUNK
        conversation.send(first + (extra if len(upstream.conversations) == 1 else b""))
        await conversation.gone()

    async with scripted_upstream(script) as upstream:
        ours = client(upstream.url)
        assert await ours.ask() == (200, b"first")
        assert await ours.ask() == (200, b"first")
        assert len(upstream.conversations) == 2


async def test_bytes_on_an_idle_socket_close_it(client: NewClient) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(OK)
        await received.wait()
        conversation.send(SECOND)
        await conversation.gone()

    received = asyncio.Event()
    async with scripted_upstream(script) as upstream:
        ours = client(upstream.url)
        assert await ours.ask() == (200, b"first")
        received.set()
        await until(lambda: not ours.open_sockets)
        assert await ours.ask() == (200, b"first")


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="another protocol"),
        pytest.param(b"\x15\x03\x01\x00\x02\x02\x28", id="TLS"),
        pytest.param(b"<html></html>", id="HTTP/0.9"),
        pytest.param(b"HTTP/1.1 200 OK\ncontent-length: 2\n\nok", id="bare LF"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nokk", id="two lengths"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            id="length and chunks",
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nok", id="a negative length"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999\r\n\r\nok", id="an absurd length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nx: 1\r\n 2\r\ncontent-length: 2\r\n\r\nok", id="a folded header"),
        pytest.param(b"HTTP/1.1 200 OK\r\nx: 1\rset-cookie: y\r\ncontent-length: 2\r\n\r\nok", id="bare CR"),
        pytest.param(b"HTTP/1.1 200 OK\r\nx: \x00\r\ncontent-length: 2\r\n\r\nok", id="NUL in a header"),
        pytest.param(b"HTTP/1.1 200 OK\r\nx y: 1\r\ncontent-length: 2\r\n\r\nok", id="a blank in a name"),
        pytest.param(STREAM_HEAD + b"0x3\r\nabc\r\n0\r\n\r\n", id="a chunk size of C"),
        pytest.param(STREAM_HEAD + b"-3\r\nabc\r\n0\r\n\r\n", id="a negative chunk size"),
        pytest.param(STREAM_HEAD + b"3\r\nabcd\r\n0\r\n\r\n", id="a chunk beyond its size"),
        pytest.param(STREAM_HEAD + b"ffffffffffffffffff\r\nabc", id="an absurd chunk size"),
        pytest.param(STREAM_HEAD + b"zz\r\n", id="no chunk size"),
        pytest.param(b"HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n", id="another protocol, politely"),
        pytest.param(b"HTTP/1.1 20 OK\r\ncontent-length: 2\r\n\r\nok", id="a status of two digits"),
        pytest.param(b"HTTP/9.9 200 OK\r\ncontent-length: 2\r\n\r\nok", id="HTTP/9.9"),
    ],
)
async def test_what_is_not_plain_http_is_invalid_and_ends_the_socket(client: NewClient, reply: bytes) -> None:
    async with scripted_upstream(answers(reply)) as upstream:
        ours = client(upstream.url)
        exchange = await ours.start()
        with pytest.raises(UpstreamFailed) as failed:
            await everything(exchange)
        assert (failed.value.kind, failed.value.sent) == ("upstream_invalid", True)
        await until(lambda: not ours.open_sockets)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param([b"x-%d: %s\r\n" % (n, b"v" * 100) for n in range(1000)], id="many headers"),
        pytest.param([b"x: " + b"v" * (HEADER_BYTES + 10) + b"\r\n\r\n"], id="one long header"),
        pytest.param([b"x: ", *[b"v" * 1024] * 100_000], id="one header without end"),
        pytest.param([b"v" * 1024] * 100_000, id="a name without end"),
        pytest.param([b"transfer-encoding: chunked\r\n\r\n0\r\nx: ", *[b"v" * 1024] * 100_000], id="a trailer"),
        pytest.param([b"transfer-encoding: chunked\r\n\r\n3;", *[b"v" * 1024] * 100_000], id="a chunk extension"),
    ],
)
async def test_headers_are_bounded_whatever_their_form(client: NewClient, head: list[bytes]) -> None:
    sent = 0

    async def script(conversation: Conversation) -> None:
        nonlocal sent
        await conversation.request()
        conversation.send(b"HTTP/1.1 200 OK\r\n")
        for piece in head:
            conversation.send(piece)
            await conversation.flushed()
            sent += len(piece)
        await conversation.gone()

    async with scripted_upstream(script) as upstream:
        exchange = await client(upstream.url).start()
        with pytest.raises(UpstreamFailed) as failed:
            await everything(exchange)
    assert failed.value.kind == "upstream_invalid"
    assert "headers exceed" in failed.value.message
    assert sent < 8 << 20, "it took megabytes before it said no"  # what the two sockets' buffers hold is beyond us


async def test_headers_up_to_the_bound_pass(client: NewClient) -> None:
    long = b"HTTP/1.1 200 OK\r\nx: " + b"v" * (HEADER_BYTES - 100) + b"\r\ncontent-length: 0\r\n\r\n"
    async with scripted_upstream(answers(long, long)) as upstream:
        ours = client(upstream.url)
        assert await ours.ask() == (200, b"")
        assert await ours.ask() == (200, b"")


async def test_a_reply_before_the_request_is_whole_is_a_reply(client: NewClient) -> None:
    """413 of a front end, while 30 MB are on their way."""

    async def script(conversation: Conversation) -> None:
        await conversation._reader.readuntil(b"\r\n\r\n")
        conversation.send(http(413, b"too large", "connection: close"))
        await conversation.flushed()
        while await conversation._reader.read(1 << 20):
            pass

    async with scripted_upstream(script) as upstream:
        ours = client(upstream.url)
        exchange = ours.exchange()
        await ours.send(exchange, body=b"x" * 30_000_000)
        await exchange.reply_started()
        assert (exchange.status, await everything(exchange)) == (413, b"too large")


async def test_header_names_are_lower_case_and_the_last_of_two_counts(client: NewClient) -> None:
    async with scripted_upstream(answers(http(200, b"", "X-Request-ID: a", "x-request-id: b"))) as upstream:
        ours = client(upstream.url)
        await ours.ask()
        assert ours.exchanges[0].headers[b"x-request-id"] == b"b"
