"""Connections are counted, in all and per source, and let go of."""

import asyncio
import contextlib

from proxy.settings import Caps
from tests.kit.raw_http import connect, read_reply
from tests.kit.waiting import until
from tests.proxy.http_server.conftest import Served

GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


async def test_one_source_has_so_many_connections_and_no_more(served: Served) -> None:
    served.bounds.configure(Caps(connections_per_source=2), ("127.0.0.1",))
    async with connect(served.port) as (first, to_first), connect(served.port):
        await until(lambda: len(served.bounds.open) == 2)
        async with connect(served.port) as (third, _):
            reply = await read_reply(third)
            assert (reply.status, reply.json["error"]["code"]) == (503, "overloaded")
            assert await third.read() == b""
        assert served.rejected == ["overloaded"]
        to_first.write(GET)
        assert (await read_reply(first)).status == 200
    await until(lambda: not served.bounds.open)
    async with connect(served.port) as (again, to_again):
        to_again.write(GET)
        assert (await read_reply(again)).status == 200


async def test_all_sources_together_have_so_many_connections_and_no_more(served: Served) -> None:
    served.bounds.configure(Caps(connections=1), ("127.0.0.1",))
    async with connect(served.port):
        await until(lambda: served.bounds.open)
        async with connect(served.port) as (second, _):
            assert (await read_reply(second)).status == 503


async def test_a_peer_that_is_not_admitted_gets_no_word(served: Served) -> None:
    served.bounds.admits = lambda _transport: False
    async with connect(served.port) as (reader, writer):
        writer.write(GET)
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
    assert served.requests == []


async def test_new_caps_hold_for_the_next_request(served: Served) -> None:
    async with connect(served.port) as (reader, writer):
        writer.write(GET)
        assert (await read_reply(reader)).status == 200
        served.bounds.configure(Caps(header_count=1), ("127.0.0.1",))
        writer.write(GET.replace(b"Host", b"X-A: 1\r\nHost"))
        assert (await read_reply(reader)).status == 431


async def test_new_hosts_hold_for_the_next_request(served: Served) -> None:
    async with connect(served.port) as (reader, writer):
        served.bounds.configure(Caps(), ("another.example",))
        writer.write(GET)
        assert (await read_reply(reader)).status == 421
        assert await asyncio.wait_for(reader.read(), 10) == b""
