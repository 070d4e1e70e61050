"""An exchange ends exactly once: by a whole reply, or by one failure with its kind and whether it was sent."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest

from proxy.upstream.exchange import BUFFER_BYTES, Exchange
from proxy.upstream.failure import UpstreamFailed
from tests.kit.scripted_upstream import (
    LAST_CHUNK,
    STREAM_HEAD,
    Conversation,
    answers,
    chunk,
    http,
    scripted_upstream,
    silence,
)
from tests.kit.waiting import until
from tests.proxy.upstream.conftest import SHORT, Client, everything

NewClient = Callable[..., Client]

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


async def failure_of(exchange: Exchange) -> UpstreamFailed:
    """How an exchange that was sent fails."""
    try:
        await exchange.reply_started()
        await everything(exchange)
    except UpstreamFailed as failure:
        return failure
    raise AssertionError("the exchange did not fail")


async def test_a_whole_reply_arrives_with_status_and_headers(client: NewClient) -> None:
    async with scripted_upstream(answers(http(404, b'{"x":1}', "X-Request-Id: abc"))) as upstream:
        ours = client(upstream.url)
        exchange = await ours.start()
        await exchange.reply_started()
        assert (exchange.status, exchange.headers[b"x-request-id"]) == (404, b"abc")
        assert await everything(exchange) == b'{"x":1}'
        assert exchange.complete
        assert await exchange.read() == b""
        (request,) = upstream.requests
        assert request.line == "POST /v1/chat/completions HTTP/1.1"
        assert (request.body, request.headers["host"]) == (b"{}", f"127.0.0.1:{upstream.port}")
        assert exchange.connect_us is not None


@pytest.mark.parametrize("ended_by", ["close", "reset"])
async def test_a_socket_that_closes_before_any_header_is_unreachable_and_was_sent(
    client: NewClient, ended_by: str
) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        getattr(conversation, ended_by)()

    async with scripted_upstream(script) as upstream:
        failure = await failure_of(await client(upstream.url).start())
    assert (failure.kind, failure.sent) == ("upstream_unreachable", True)


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(HEAD + b"content-length: 100\r\n\r\n{", id="short of its length"),
        pytest.param(HEAD + b"transfer-encoding: chunked\r\n\r\n" + chunk(b"{"), id="no last chunk"),
        pytest.param(HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\n{", id="inside a chunk"),
        pytest.param(HEAD + b"transfer-encoding: gzip\r\n\r\nabc", id="a coding without an end"),
        pytest.param(HEAD + b"content-length: 5\r\n\r\n", id="before the body"),
    ],
)
@pytest.mark.parametrize("ended_by", ["close", "reset"])
async def test_a_reply_that_breaks_off_is_truncated(client: NewClient, reply: bytes, ended_by: str) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(reply)
        await started.wait()
        getattr(conversation, ended_by)()

    started = asyncio.Event()
    async with scripted_upstream(script) as upstream:
        exchange = await client(upstream.url).start()
        await exchange.reply_started()
        started.set()
        failure = await failure_of(exchange)
    assert (failure.kind, failure.sent) == ("upstream_truncated", True)


async def test_a_close_inside_the_headers_is_unreachable(client: NewClient) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(HEAD)
        await conversation.flushed()
        conversation.close()

    async with scripted_upstream(script) as upstream:
        failure = await failure_of(await client(upstream.url).start())
    assert failure.kind == "upstream_unreachable"


async def test_what_arrived_before_a_failure_is_read_first(client: NewClient) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(STREAM_HEAD + chunk(b"data: 1\n\n") + chunk(b"data: 2\n\n"))
        await conversation.flushed()
        conversation.close()

    async with scripted_upstream(script) as upstream:
        exchange = await client(upstream.url).start()
        await until(lambda: exchange.failure)
        assert await exchange.read() == b"data: 1\n\ndata: 2\n\n"
        failure = await failure_of(exchange)
    assert failure.kind == "upstream_truncated"


async def test_no_connection_within_its_deadline(client: NewClient) -> None:
    """A listener whose backlog is full answers no SYN."""
    import socket

    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        url = f"http://127.0.0.1:{full.getsockname()[1]}/v1"
        crowd = [socket.socket() for _ in range(4)]
        for each in crowd:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        ours = client(url)
        exchange = ours.exchange()
        with pytest.raises(UpstreamFailed) as failed:
            await ours.send(exchange, connect=SHORT)
        exchange.abort("client_closed", "over")
        for each in crowd:
            each.close()
    assert (failed.value.kind, failed.value.sent) == ("upstream_timeout", False)
    assert ours.open_sockets == 0


async def test_a_first_byte_that_does_not_come(client: NewClient) -> None:
    async with scripted_upstream(answers(b"")) as upstream:
        failure = await failure_of(await client(upstream.url).start(first_byte=SHORT))
        await until(lambda: not upstream._running)
    assert (failure.kind, failure.sent) == ("upstream_timeout", True)
    assert "first byte" in failure.message


async def test_silence_inside_the_headers(client: NewClient) -> None:
    async with scripted_upstream(answers(HEAD)) as upstream:
        failure = await failure_of(await client(upstream.url).start(first_byte=SHORT))
    assert (failure.kind, failure.sent) == ("upstream_timeout", True)


@pytest.mark.parametrize(
    "reply", [STREAM_HEAD + chunk(b"data: 1\n\n"), HEAD + b"content-length: 100\r\n\r\n{", HEAD + b"\r\n{"]
)
async def test_silence_inside_the_body(client: NewClient, reply: bytes) -> None:
    async with scripted_upstream(answers(reply)) as upstream:
        failure = await failure_of(await client(upstream.url).start(idle=SHORT))
        await until(lambda: not upstream._running)
    assert failure.kind == "upstream_timeout"
    assert "sent nothing" in failure.message


async def test_a_drip_without_end_meets_the_total_deadline(client: NewClient) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(STREAM_HEAD)
        while True:
            conversation.send(chunk(b": ping\n\n"))
            await conversation.flushed()
            await asyncio.sleep(0)

    async with scripted_upstream(script) as upstream:
        failure = await failure_of(await client(upstream.url).start(total=0.2))
        assert (failure.kind, failure.sent) == ("upstream_timeout", True)
        assert "total deadline" in failure.message
        upstream.script = answers()
        await upstream.end()


async def test_headers_that_drip_meet_the_total_deadline(client: NewClient) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        while True:
            conversation.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            await conversation.flushed()
            await asyncio.sleep(0)

    async with scripted_upstream(script) as upstream:
        failure = await failure_of(await client(upstream.url).start(total=0.2))
        assert "total deadline" in failure.message
        await upstream.end()


async def test_a_call_without_time_left_connects_to_nobody(client: NewClient) -> None:
    async with scripted_upstream(answers()) as upstream:
        ours = client(upstream.url)
        exchange = ours.exchange(total=-1)
        with pytest.raises(UpstreamFailed) as failed:
            await ours.send(exchange)
        exchange.abort("client_closed", "over")
        assert (failed.value.kind, failed.value.sent) == ("upstream_timeout", False)
        assert upstream.requests == []


async def test_a_slow_reader_holds_the_upstream_back_and_then_gets_every_byte(client: NewClient) -> None:
    body = bytes(range(256)) * 64 * 1024  # 16 MB

    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(HEAD + b"content-length: %d\r\n\r\n" % len(body) + body)
        await conversation.gone()

    async with scripted_upstream(script) as upstream:
        exchange = await client(upstream.url).start(idle=SHORT)
        await exchange.reply_started()
        await until(lambda: exchange._buffered > BUFFER_BYTES)
        # Longer than the idle deadline: it is we who do not read, so the upstream is not to blame.
        loop = asyncio.get_running_loop()
        passed = loop.create_future()
        loop.call_later(3 * SHORT, passed.set_result, None)
        await passed
        assert exchange._buffered < 2 * BUFFER_BYTES
        assert upstream.conversations[0].unsent > 1 << 20, "the upstream could send it all"
        assert exchange.failure is None
        received = await everything(exchange)
        assert received == body


@pytest.mark.parametrize("phase", ["sent", "headers", "body", "paused"])
async def test_abort_closes_the_socket_in_the_same_tick_and_tells_whoever_waits(client: NewClient, phase: str) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        if phase != "sent":
            conversation.send(HEAD)
        if phase in ("body", "paused"):
            conversation.send(b"content-length: 90000000\r\n\r\n{")
        if phase == "paused":
            conversation.send(b"x" * 30_000_000)
        await conversation.gone()
        closed.set()

    closed = asyncio.Event()
    async with scripted_upstream(script) as upstream:
        ours = client(upstream.url)
        exchange = await ours.start()
        if phase == "sent":
            await until(lambda: upstream.requests)
        elif phase == "headers":
            await until(lambda: exchange.last_byte_at)
        else:
            await exchange.reply_started()
        if phase == "paused":
            await until(lambda: exchange._buffered > BUFFER_BYTES)
        waiting = asyncio.create_task(failure_of(exchange))
        await asyncio.sleep(0)
        connection = exchange.connection
        assert connection
        exchange.abort("client_closed", "the client left")
        assert not connection.usable
        assert exchange.connection is None
        failure = await waiting
        assert (failure.kind, failure.sent) == ("client_closed", True)
        if phase != "paused":
            await asyncio.wait_for(closed.wait(), 10)
        await until(lambda: ours.open_sockets == 0)
        exchange.abort("upstream_invalid", "again")
        assert exchange.failure is failure


async def test_abort_while_connecting_leaves_nothing(client: NewClient) -> None:
    async with scripted_upstream(silence) as upstream:
        ours = client(upstream.url)
        for turns in range(8):  # at each step on the way to a connection
            exchange = ours.exchange()
            sending = asyncio.create_task(ours.send(exchange))
            for _ in range(turns):
                await asyncio.sleep(0)
            exchange.abort("client_closed", "the client left")
            with suppress(UpstreamFailed):
                await sending
            assert (await failure_of(exchange)).kind == "client_closed"
        await until(lambda: ours.open_sockets == 0)


async def test_abort_in_the_tick_in_which_the_socket_is_there_sends_nothing(client: NewClient) -> None:
    async with scripted_upstream(answers()) as upstream:
        ours = client(upstream.url)
        exchange = ours.exchange()
        sending = asyncio.create_task(ours.send(exchange))
        await until(lambda: ours.open_sockets)
        assert not sending.done()
        exchange.abort("client_closed", "the client left")
        with pytest.raises(UpstreamFailed) as failed:
            await sending
        assert (failed.value.kind, failed.value.sent) == ("client_closed", False)
        await until(lambda: ours.open_sockets == 0)
        assert upstream.requests == []


async def test_abort_before_anything_sends_nothing(client: NewClient) -> None:
    async with scripted_upstream(answers()) as upstream:
        ours = client(upstream.url)
        exchange = ours.exchange()
        exchange.abort("client_closed", "the client left")
        with pytest.raises(UpstreamFailed):
            await ours.send(exchange)
        assert upstream.conversations == []


async def test_a_cancelled_call_that_connects_leaves_nothing(client: NewClient) -> None:
    async with scripted_upstream(silence) as upstream:
        ours = client(upstream.url)
        for turns in range(8):
            exchange = ours.exchange()
            sending = asyncio.create_task(ours.send(exchange))
            for _ in range(turns):
                await asyncio.sleep(0)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            exchange.abort("client_closed", "cancelled")
        await until(lambda: ours.open_sockets == 0)


async def test_abort_after_the_end_changes_nothing(client: NewClient) -> None:
    async with scripted_upstream(answers(http(200, b"{}"))) as upstream:
        ours = client(upstream.url)
        exchange = await ours.start()
        await exchange.reply_started()
        assert await everything(exchange) == b"{}"
        exchange.abort("client_closed", "late")
        assert exchange.failure is None
        assert ours.open_sockets == 1


async def test_a_reply_that_is_let_go_keeps_its_socket_when_it_ends_soon(client: NewClient) -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(STREAM_HEAD + chunk(b"data: [DONE]\n\n"))
        await let_go.wait()
        conversation.send(chunk(b": tail\n\n") + LAST_CHUNK)
        await conversation.request()
        conversation.send(http(200, b"second"))
        await conversation.gone()

    let_go = asyncio.Event()
    async with scripted_upstream(script) as upstream:
        ours = client(upstream.url)
        exchange = await ours.start()
        assert await exchange.read() == b"data: [DONE]\n\n"
        exchange.linger()
        let_go.set()
        await until(lambda: exchange.complete)
        assert await ours.ask() == (200, b"second")
        assert len(upstream.conversations) == 1


async def test_a_reply_that_is_let_go_and_goes_on_is_cut(client: NewClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxy.upstream.exchange.LINGER_SECONDS", SHORT)
    async with scripted_upstream(answers(STREAM_HEAD + chunk(b"data: [DONE]\n\n"))) as upstream:
        ours = client(upstream.url)
        exchange = await ours.start()
        assert await exchange.read() == b"data: [DONE]\n\n"
        exchange.linger()
        await until(lambda: exchange.failure)
        await until(lambda: ours.open_sockets == 0 and not upstream._running)


async def test_the_rest_of_a_reply_can_be_given_less_time(client: NewClient) -> None:
    async with scripted_upstream(answers(b"HTTP/1.1 500 X\r\ncontent-length: 10\r\n\r\n{")) as upstream:
        exchange = await client(upstream.url).start()
        await exchange.reply_started()
        exchange.hurry(SHORT)
        failure = await failure_of(exchange)
        assert failure.kind == "upstream_timeout"
