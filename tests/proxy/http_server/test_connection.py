"""From raw sockets: what is not one plain request of HTTP/1.1 is answered and the connection closed."""

import asyncio
import json
from typing import cast

import pytest

from proxy.http_server.request import Request
from proxy.settings import Caps
from tests.kit.bad_requests import BAD_REQUESTS, BODY, BODY_CAP, KEY, BadRequest
from tests.kit.raw_http import RawReply, connect, read_reply
from tests.kit.waiting import until
from tests.proxy.http_server.conftest import JSON_TYPE, Served

GET = b"GET /first HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
POST = b"POST /first HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


def reading(writer: asyncio.StreamWriter) -> asyncio.Transport:
    """The transport of a connection, to stop reading from it."""
    return cast(asyncio.Transport, writer.transport)


async def at_the_end(reader: asyncio.StreamReader) -> bytes:
    """What comes until the connection ends, however it ends."""
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionError:
        return b""


async def conversation(served: Served, raw: bytes) -> tuple[RawReply, bytes]:
    """One reply to some bytes, and what follows until the server closes."""
    async with connect(served.port) as (reader, writer):
        writer.write(raw)
        reply = await read_reply(reader)
        return reply, await at_the_end(reader)


@pytest.mark.parametrize("bad", BAD_REQUESTS)
async def test_a_bad_request_is_refused_and_the_connection_closed(served: Served, bad: BadRequest) -> None:
    reply, rest = await conversation(served, bad.raw.replace(KEY, b"any"))
    assert reply.status == bad.status
    assert list(reply.json["error"]) == ["message", "type", "param", "code"]
    assert reply.headers["connection"] == "close"
    assert rest == b""
    assert served.requests == []


@pytest.mark.parametrize("bad", BAD_REQUESTS)
async def test_a_bad_request_in_single_bytes_is_refused_as_well(served: Served, bad: BadRequest) -> None:
    """However it arrives. What is far above a cap comes in kilobytes."""
    raw = bad.raw.replace(KEY, b"any")
    size = 1 if len(raw) < 2000 else 1024
    async with connect(served.port) as (reader, writer):
        for at in range(0, len(raw), size):
            writer.write(raw[at : at + size])
            await asyncio.sleep(0)
        assert (await read_reply(reader)).status == bad.status
        assert await at_the_end(reader) == b""
    assert served.requests == []


@pytest.mark.parametrize("behind", [GET, b"GET /forged HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"\x00" * 100])
async def test_what_follows_a_bad_request_is_not_read(served: Served, behind: bytes) -> None:
    reply, rest = await conversation(served, POST.replace(b"Host", b"Transfer-Encoding: chunked\r\nHost") + behind)
    assert (reply.status, rest, served.requests) == (400, b"", [])


async def test_a_plain_request_is_served_and_the_connection_kept(served: Served) -> None:
    async with connect(served.port) as (reader, writer):
        for _ in range(3):
            writer.write(POST)
            reply = await read_reply(reader)
            assert (reply.status, reply.json["body"]) == (200, BODY.decode())
            assert "connection" not in reply.headers
    assert len(served.requests) == 3


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
async def test_a_request_may_arrive_in_pieces(served: Served, size: int) -> None:
    async with connect(served.port) as (reader, writer):
        for at in range(0, len(POST), size):
            writer.write(POST[at : at + size])
            await asyncio.sleep(0)
        assert (await read_reply(reader)).json["body"] == BODY.decode()


async def test_pipelined_requests_are_answered_in_order_each_with_its_own_body(served: Served) -> None:
    def numbered(number: int) -> bytes:
        body = json.dumps({"n": number}).encode() * (number + 1)
        return b"POST /%d HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%s" % (number, len(body), body)

    async with connect(served.port) as (reader, writer):
        writer.write(b"".join(numbered(number) for number in range(8)))
        for number in range(8):
            told = (await read_reply(reader)).json
            assert told["path"] == f"/{number}"
            assert told["body"] == json.dumps({"n": number}) * (number + 1)


async def test_a_pipelined_request_in_pieces_behind_a_slow_answer_is_whole(served: Served) -> None:
    async def slowly(request: Request) -> None:
        if request.path == "/first":
            await may_answer.wait()
        await served.echo(request)

    may_answer = asyncio.Event()
    served.act = slowly
    second = POST.replace(b"/first", b"/second-with-a-long-path")
    for cut in (6, 15, 40, 60, len(second) - 5):
        may_answer.clear()
        async with connect(served.port) as (reader, writer):
            writer.write(GET + second[:cut])
            await writer.drain()
            await until(lambda: served.bounds.open)
            may_answer.set()
            assert (await read_reply(reader)).json["path"] == "/first"
            writer.write(second[cut:])
            told = (await read_reply(reader)).json
            assert (told["path"], told["body"]) == ("/second-with-a-long-path", BODY.decode())


async def test_a_stream_is_not_mixed_with_what_is_pipelined_behind_it(served: Served) -> None:
    async def stream(request: Request) -> None:
        if request.path != "/first":
            await served.echo(request)
            return
        await request.start(200, [])
        for n in range(5):
            await request.write(b"part %d " % n)
            await asyncio.sleep(0)
        request.finish(b"end")

    served.act = stream
    async with connect(served.port) as (reader, writer):
        writer.write(GET + POST.replace(b"/first", b"/second") + GET)
        first = await read_reply(reader)
        assert (first.ended, first.body) == ("chunks", b"part 0 part 1 part 2 part 3 part 4 end")
        assert (await read_reply(reader)).json["path"] == "/second"
        assert (await read_reply(reader)).ended == "chunks"


async def test_a_bad_request_behind_a_running_stream_does_not_write_into_it(served: Served) -> None:
    async def stream(request: Request) -> None:
        await request.start(200, [])
        await request.write(b"part")
        await served.left.wait()

    def client_left() -> None:
        served.left.set()

    async def act(request: Request) -> None:
        request.on_disconnect = client_left
        await stream(request)

    served.act = act
    async with connect(served.port) as (reader, writer):
        writer.write(GET)
        assert (await reader.readuntil(b"part\r\n")).endswith(b"4\r\npart\r\n")
        writer.write(b"nonsense\r\n\r\n")
        assert await at_the_end(reader) == b""
    await asyncio.wait_for(served.left.wait(), 10)


@pytest.mark.parametrize("extra", [b"\r\n", b"garbage", GET])
async def test_what_follows_the_last_request_of_a_connection_does_not_disturb_it(served: Served, extra: bytes) -> None:
    """The client said `Connection: close`, so this request is answered and nothing behind it."""
    raw = POST.replace(b"Host", b"Connection: close\r\nHost") + extra
    reply, rest = await conversation(served, raw)
    assert (reply.status, reply.headers["connection"], rest) == (200, "close", b"")
    assert len(served.requests) == 1


async def test_http_1_0_is_answered_and_closed(served: Served) -> None:
    reply, rest = await conversation(served, POST.replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert (reply.status, reply.ended, rest) == (200, "length", b"")


async def test_a_stream_to_http_1_0_ends_with_the_connection_whatever_is_behind_it(served: Served) -> None:
    async def stream(request: Request) -> None:
        await request.start(200, [])
        await request.write(b"one ")
        request.finish(b"two")

    served.act = stream
    reply, _ = await conversation(served, GET.replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert (reply.ended, reply.body) == ("eof", b"one two")
    async with connect(served.port) as (reader, writer):
        writer.write(GET + GET.replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert (await read_reply(reader)).ended == "chunks"
        assert (await read_reply(reader)).ended == "eof"


async def test_chunked_bodies_are_put_together_and_their_trailers_dropped(served: Served) -> None:
    body = b"3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nAuthorization: Bearer forged\r\nHost: evil\r\nX-New: 1\r\n\r\n"
    head = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer real\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with connect(served.port) as (reader, writer):
        for _ in range(2):
            writer.write(head + body)
            told = (await read_reply(reader)).json
            assert told["body"] == "abcde"
            assert told["headers"]["authorization"] == "Bearer real"
            assert told["headers"]["host"] == "127.0.0.1"
            assert "x-new" not in told["headers"]


@pytest.mark.parametrize(
    "endless",
    [
        pytest.param([b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ", b"a" * 1024], id="a header value"),
        pytest.param([b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"a" * 1024], id="a header name"),
        pytest.param([b"GET /", b"a" * 1024], id="a target"),
        pytest.param([b"", b"\r\n" * 512], id="empty lines"),
        pytest.param(
            [b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A: ", b"a" * 1024],
            id="a trailer",
        ),
        pytest.param(
            [b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n3;", b"a" * 1024],
            id="a chunk extension",
        ),
    ],
)
async def test_what_never_ends_is_cut_by_its_size_and_not_only_by_its_deadline(
    served: Served, endless: list[bytes]
) -> None:
    first, more = endless
    async with connect(served.port) as (reader, writer):
        reply = asyncio.create_task(read_reply(reader))
        writer.write(first)
        sent = 0
        while not reply.done() and sent < 64 << 20:
            writer.write(more)
            sent += len(more)
            try:
                await writer.drain()
            except ConnectionError:
                break
            await asyncio.sleep(0)
        assert (await reply).status in (414, 431)
        assert sent < 8 << 20


async def test_expect_continue_is_asked_for_the_body_only_when_it_is_wanted(served: Served) -> None:
    head, body = POST.replace(b"Host", b"Expect: 100-continue\r\nHost").split(b"\r\n\r\n")
    async with connect(served.port) as (reader, writer):
        writer.write(head + b"\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        assert (await read_reply(reader)).status == 200
        writer.write(head + b"\r\n\r\n" + body)  # a client that does not wait
        assert (await read_reply(reader)).status == 200
    refused, rest = await conversation(served, head.replace(b"127.0.0.1", b"evil") + b"\r\n\r\n")
    assert (refused.status, rest) == (421, b"")


async def test_an_early_answer_ends_the_connection_for_the_rest_of_the_body_is_not_wanted(served: Served) -> None:
    async def at_once(request: Request) -> None:
        request.reply(401, [JSON_TYPE], b"{}")

    served.act = at_once
    head = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n"
    reply, rest = await conversation(served, head + b"half")
    assert (reply.status, reply.headers["connection"], rest) == (401, "close", b"")


async def test_head_gets_the_headers_alone(served: Served) -> None:
    async with connect(served.port) as (reader, writer):
        writer.write(GET.replace(b"GET", b"HEAD") + GET)
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"200 OK" in head
        assert (await read_reply(reader)).json["path"] == "/first"


# deadlines


async def test_headers_that_drip_meet_their_deadline(served: Served) -> None:
    async with connect(served.port) as (reader, writer):
        writer.write(GET[:-2])
        await until(lambda: any(connection._in_head for connection in served.bounds.open))
        served.later(served.bounds.caps.header_seconds - 0.5)
        assert served.bounds.open
        served.later(served.bounds.caps.header_seconds + 0.5)
        assert (await read_reply(reader)).status == 408
        assert await at_the_end(reader) == b""
    assert served.rejected == ["request_timeout"]


async def test_a_body_that_drips_meets_its_deadline(served: Served) -> None:
    async with connect(served.port) as (reader, writer):
        writer.write(POST[:-5])
        await until(lambda: any(not connection.idle for connection in served.bounds.open))
        served.later(served.bounds.caps.header_seconds + 0.5)
        assert served.rejected == []
        served.later(served.bounds.caps.body_seconds + 0.5)
        assert (await read_reply(reader)).status == 408
        assert await at_the_end(reader) == b""
    await asyncio.wait_for(served.left.wait(), 10)


async def test_a_connection_that_says_nothing_is_closed_without_a_word(served: Served) -> None:
    async with connect(served.port) as (reader, _):
        await until(lambda: served.bounds.open)
        served.later(served.bounds.caps.header_seconds + 0.5)
        assert await at_the_end(reader) == b""
    assert served.rejected == []


async def test_a_kept_connection_is_closed_when_it_was_idle_too_long(served: Served) -> None:
    async with connect(served.port) as (reader, writer):
        writer.write(GET)
        await read_reply(reader)
        served.later(served.bounds.caps.keep_alive_seconds - 1)
        writer.write(GET)
        assert (await read_reply(reader)).status == 200
        served.later(served.bounds.caps.keep_alive_seconds + 1)
        assert await at_the_end(reader) == b""


@pytest.mark.parametrize("idle", [b"", b"\r\n", b"\r\n\r\n\r\n"])
async def test_empty_lines_do_not_keep_a_connection_alive(served: Served, idle: bytes) -> None:
    async with connect(served.port) as (reader, writer):
        writer.write(GET + idle)
        await read_reply(reader)
        writer.write(idle)
        await writer.drain()
        await asyncio.sleep(0)
        served.later(served.bounds.caps.keep_alive_seconds + 1)
        assert await at_the_end(reader) == b""


async def test_an_answer_that_takes_long_has_no_deadline_here(served: Served) -> None:
    async def slowly(request: Request) -> None:
        await request.body(100)
        asked.set()
        await may_answer.wait()
        await served.echo(request)

    asked, may_answer = asyncio.Event(), asyncio.Event()
    served.act = slowly
    async with connect(served.port) as (reader, writer):
        writer.write(POST)
        await asked.wait()
        served.later(10_000)
        may_answer.set()
        assert (await read_reply(reader)).status == 200


BIG = b"x" * (16 << 20)


async def big(request: Request) -> None:
    request.reply(200, [JSON_TYPE], BIG)


async def test_a_client_that_does_not_read_is_cut_and_one_that_reads_slowly_is_not(served: Served) -> None:
    served.act = big
    async with connect(served.port) as (reader, writer):
        writer.write(GET)
        await reader.readuntil(b"\r\n\r\n")
        (connection,) = served.bounds.open
        assert connection.writing_paused
        unsent = connection._transport.get_write_buffer_size()
        while connection._transport.get_write_buffer_size() == unsent:
            await reader.read(1 << 20)
        served.later(served.bounds.caps.write_seconds + 1)
        assert connection in served.bounds.open, "it was reading"
        served.later(2 * served.bounds.caps.write_seconds + 2)
        await until(lambda: not served.bounds.open)


async def test_a_long_answer_leaves_a_deadline_on_the_kept_connection(served: Served) -> None:
    served.act = big
    async with connect(served.port) as (reader, writer):
        writer.write(GET)
        assert (await read_reply(reader)).body == BIG
        (connection,) = served.bounds.open
        await until(lambda: not connection.writing_paused)
        served.later(served.bounds.caps.keep_alive_seconds + 1)
        assert await at_the_end(reader) == b""


async def test_a_last_answer_that_is_not_read_does_not_hold_the_connection_for_ever(served: Served) -> None:
    served.act = big
    async with connect(served.port) as (reader, writer):
        writer.write(GET.replace(b"Host", b"Connection: close\r\nHost"))
        await reader.readuntil(b"\r\n\r\n")
        served.later(served.bounds.caps.write_seconds + 1)
        served.later(2 * served.bounds.caps.write_seconds + 2)
        await until(lambda: not served.bounds.open)


async def test_a_slow_reader_holds_the_application_back(served: Served) -> None:
    written = 0

    async def stream(request: Request) -> None:
        nonlocal written
        await request.start(200, [])
        for _ in range(1000):
            await request.write(b"x" * 100_000)
            written += 100_000
        request.finish()

    served.act = stream
    async with connect(served.port) as (reader, writer):
        reading(writer).pause_reading()
        writer.write(GET)
        await until(lambda: any(connection.writing_paused for connection in served.bounds.open))
        held = written
        assert held < 20_000_000
        reading(writer).resume_reading()
        reply = await read_reply(reader)
        assert (reply.ended, len(reply.body)) == ("chunks", 100_000_000)


async def test_who_is_hurried_does_not_wait_for_a_slow_reader_which_is_not_cut_while_it_reads(served: Served) -> None:
    hurried, written = asyncio.Event(), asyncio.Event()

    async def stream(request: Request) -> None:
        await request.start(200, [])
        await request.write(BIG, hurried.is_set)
        for _ in range(10):
            await request.write(b"x" * 1_000_000, hurried.is_set)
        written.set()
        await request.connection.drained()
        request.finish()

    served.act = stream
    async with connect(served.port) as (reader, writer):
        writer.write(GET)
        await reader.readuntil(b"\r\n\r\n")
        (connection,) = served.bounds.open
        await until(lambda: connection.writing_paused)
        connection.look_again()
        await asyncio.sleep(0)
        assert not written.is_set()
        hurried.set()
        connection.look_again()
        await written.wait()
        unsent = connection._transport.get_write_buffer_size()
        while connection._transport.get_write_buffer_size() == unsent:
            await reader.read(1 << 20)
        served.later(served.bounds.caps.write_seconds + 1)
        assert connection in served.bounds.open, "it was reading"
        served.later(2 * served.bounds.caps.write_seconds + 2)
        await until(lambda: not served.bounds.open)


# a client that goes away


@pytest.mark.parametrize("while_it", ["is asked for its body", "waits for the answer", "reads"])
async def test_a_client_that_leaves_is_noticed_at_once(served: Served, while_it: str) -> None:
    async def act(request: Request) -> None:
        request.on_disconnect = left.set
        if while_it == "is asked for its body":
            began.set()
            await served.echo(request)
        if while_it == "reads":
            await request.start(200, [])
            await request.write(b"part")
        began.set()
        await left.wait()
        request.finish(b"nobody reads this")

    began, left = asyncio.Event(), asyncio.Event()
    served.act = act
    async with connect(served.port) as (_, writer):
        writer.write(POST[:-5] if while_it == "is asked for its body" else POST)
        await began.wait()
        writer.transport.abort()
        await asyncio.wait_for(left.wait(), 10)


async def test_a_cut_does_not_look_like_an_end(served: Served) -> None:
    async def cut(request: Request) -> None:
        await request.start(200, [(b"content-length", b"100")] if request.path == "/first" else [])
        await request.write(b"part")
        await may_cut.wait()
        request.cut()

    may_cut = asyncio.Event()
    served.act = cut
    for raw in (GET, GET.replace(b"/first", b"/second")):
        may_cut.clear()
        async with connect(served.port) as (reader, writer):
            writer.write(raw)
            await reader.readuntil(b"part")
            may_cut.set()
            assert b"0\r\n\r\n" not in await at_the_end(reader)


async def test_an_application_that_fails_is_an_error_of_the_gateway(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(request: Request) -> None:
        raise RuntimeError("a defect")

    served.act = fail
    reply, rest = await conversation(served, GET)
    assert (reply.status, reply.json["error"]["code"], rest) == (500, "internal_error", b"")
    assert "a defect" in caplog.text
    assert "a defect" not in reply.body.decode()


async def test_an_application_that_fails_inside_its_answer_cuts_it(served: Served) -> None:
    async def fail(request: Request) -> None:
        await request.start(200, [])
        await request.write(b"part")
        raise RuntimeError("a defect")

    served.act = fail
    reply, _ = await conversation(served, GET)
    assert reply.ended in ("short", "reset")


async def test_an_application_that_forgets_to_answer_cuts_the_connection(served: Served) -> None:
    async def forget(request: Request) -> None:
        return None

    served.act = forget
    async with connect(served.port) as (reader, writer):
        writer.write(GET)
        assert await at_the_end(reader) == b""


async def test_a_refusal_reaches_a_client_that_is_still_sending(served: Served) -> None:
    """30 MB are on their way when the answer to their announcement comes."""
    head = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 31457280\r\n\r\n"
    async with connect(served.port) as (reader, writer):
        writer.write(head + b"x" * (1 << 20))
        assert (await read_reply(reader)).status == 413


@pytest.fixture
def caps(request: pytest.FixtureRequest) -> Caps:
    return getattr(request, "param", Caps(body_bytes=BODY_CAP))
