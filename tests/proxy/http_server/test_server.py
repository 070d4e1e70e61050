"""A server that drains answers what it has taken, and takes nothing more."""

import asyncio
import contextlib
import socket
import ssl
from pathlib import Path

import pytest

from proxy.http_server.bounds import Bounds
from proxy.http_server.request import Request
from proxy.http_server.server import HttpServer
from proxy.settings import Caps
from tests.kit.certificates import certificate
from tests.kit.raw_http import connect, read_reply
from tests.kit.waiting import until
from tests.proxy.http_server.conftest import Served

GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class Gate:
    """An application that answers when it is told to."""

    def __init__(self, served: Served) -> None:
        self.asked = asyncio.Event()
        self.open = asyncio.Event()
        served.act = self.serve
        self._served = served

    async def serve(self, request: Request) -> None:
        self.asked.set()
        await self.open.wait()
        await self._served.echo(request)


async def test_a_drain_waits_for_the_answers_and_closes_each_connection_with_its_own(served: Served) -> None:
    gate = Gate(served)
    async with connect(served.port) as (reader, writer), connect(served.port) as (idle, to_idle):
        to_idle.write(b"GET")
        writer.write(GET)
        await gate.asked.wait()
        await until(lambda: len(served.bounds.open) == 2)
        draining = asyncio.create_task(served.server.drain(20))
        assert await idle.read() == b""
        assert not draining.done()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", served.port)
        gate.open.set()
        reply = await read_reply(reader)
        assert (reply.status, reply.headers["connection"]) == (200, "close")
        assert await reader.read() == b""
        assert await draining is True


async def test_a_drain_ends_without_those_that_do_not_end(served: Served) -> None:
    gate = Gate(served)
    async with connect(served.port) as (reader, writer):
        writer.write(GET)
        await gate.asked.wait()
        assert await served.server.drain(0.05) is False
        gate.open.set()
        assert (await read_reply(reader)).status == 200


async def test_what_is_pipelined_behind_the_last_answer_of_a_drain_is_not_served(served: Served) -> None:
    gate = Gate(served)
    async with connect(served.port) as (reader, writer):
        writer.write(GET + GET)
        await gate.asked.wait()
        draining = asyncio.create_task(served.server.drain(20))
        await asyncio.sleep(0)
        gate.open.set()
        assert (await read_reply(reader)).headers["connection"] == "close"
        assert await reader.read() == b""
        assert await draining
    assert len(served.requests) == 1


async def test_nothing_to_drain_is_drained_at_once(served: Served) -> None:
    assert await served.server.drain(20) is True


async def test_close_cuts_what_is_left(served: Served) -> None:
    gate = Gate(served)
    async with connect(served.port) as (reader, writer):
        writer.write(GET)
        await gate.asked.wait()
        served.server.close()
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
    gate.open.set()


async def test_over_tls_the_same_is_served(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path, "localhost")

    async def hello(request: Request) -> None:
        request.reply(200, [], await request.body(100))

    bounds = Bounds(Caps(), ("localhost",))
    server = HttpServer(hello, bounds, (str(chain), str(key)))
    listening = socket.create_server(("127.0.0.1", 0))
    await server.start(listening)
    trusting = ssl.create_default_context(cafile=str(chain))
    port = listening.getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting, server_hostname="localhost")
    writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi")
    assert (await read_reply(reader)).body == b"hi"
    writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi")
    assert (await read_reply(reader)).status == 400
    assert await reader.read() == b""
    writer.close()
    assert await server.drain(5)
    server.close()


async def test_a_server_does_not_start_with_a_certificate_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("nonsense")
    server = HttpServer(lambda request: asyncio.sleep(0), Bounds(Caps(), None), (str(tmp_path / "x.pem"),) * 2)
    with socket.create_server(("127.0.0.1", 0)) as listening, pytest.raises(ssl.SSLError):
        await server.start(listening)
