"""One connection: answers in their order, deadlines, TLS, log-in, nodes of a cluster."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import uvloop

from gatewatch.limits.shared.address import Address, read_url
from gatewatch.limits.shared.connection import StoreAway, connect, on_the_right_node
from gatewatch.limits.shared.resp import StoreError
from tests.kit.certificates import certificate
from tests.kit.redis_server import redis_server
from tests.kit.waiting import until

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


@asynccontextmanager
async def server(serve: Serve) -> AsyncIterator[Address]:
    """Somebody who is taken for a store."""
    served: list[asyncio.Task[None]] = []

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.create_task(one(reader, writer)))

    listening = await asyncio.start_server(begin, "127.0.0.1", 0)
    async with listening:
        yield Address(host="127.0.0.1", port=listening.sockets[0].getsockname()[1])
        await asyncio.gather(*served)


async def test_answers_belong_to_the_commands_in_their_order(tmp_path: Path) -> None:
    with redis_server(tmp_path) as redis:
        connection = await connect(read_url(redis.url), 5, seconds=5)
        asked = [connection.ask("ECHO", str(n)) for n in range(100)]
        wrong = connection.ask("NO SUCH COMMAND")
        assert await asyncio.gather(*asked) == [str(n).encode() for n in range(100)]
        with pytest.raises(StoreError):
            await wrong
        connection.close("done")
        with pytest.raises(StoreAway, match="done"):
            await connection.ask("PING")


def test_it_works_on_the_loop_of_workers(tmp_path: Path) -> None:
    async def run(url: str) -> object:
        connection = await connect(read_url(url), 5, seconds=5)
        try:
            return await connection.ask("PING")
        finally:
            connection.close("done")

    with redis_server(tmp_path) as redis:
        assert uvloop.run(run(redis.url)) == b"PONG"


async def test_a_store_that_has_much_to_answer_is_not_away_while_it_answers(tmp_path: Path) -> None:
    with redis_server(tmp_path) as redis:
        connection = await connect(read_url(redis.url), 0.4, seconds=5)
        answers = [connection.ask("BLPOP", "nothing", "0.1") for _ in range(6)]  # each within the patience, all not
        assert await asyncio.gather(*answers) == [None] * 6
        connection.close("done")


async def test_a_store_that_does_not_answer_is_away_and_whoever_waits_is_told() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read()

    async with server(silent) as address:
        connection = await connect(address, 0.05, seconds=5)
        first, second = connection.ask("PING"), connection.ask("PING")
        with pytest.raises(StoreAway, match=r"did not answer within 0\.05 s"):
            await first
        with pytest.raises(StoreAway):
            await second
        assert "0.05" in str(await connection.lost)


async def test_a_store_that_hangs_up_is_away() -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(14)

    async with server(rude) as address:
        connection = await connect(address, 5, seconds=5)
        with pytest.raises(StoreAway, match=r"closed the connection|was lost"):
            await connection.ask("PING")


async def test_what_is_no_store_is_away() -> None:
    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        with suppress(ConnectionError):
            await reader.read()

    async with server(web) as address:
        with pytest.raises(StoreAway, match="another language"):
            await on_the_right_node(address, "key", 5, seconds=5)


async def test_nobody_there_is_said_without_what_the_url_keeps_secret() -> None:
    with pytest.raises(StoreAway) as away:
        await connect(Address(host="127.0.0.1", port=1, password="canary-77"), 1, seconds=5)
    assert "redis://127.0.0.1:1 cannot be reached" in str(away.value)
    assert "canary" not in str(away.value)


async def test_it_logs_in_and_takes_its_database(tmp_path: Path) -> None:
    with redis_server(tmp_path) as redis:
        redis.ask("ACL", "SETUSER", "ann", "on", ">pw-1", "~*", "+@all")
        redis.ask("ACL", "SETUSER", "default", "off")
        place = f"127.0.0.1:{redis.port}"
        connection = await connect(read_url(f"redis://ann:pw-1@{place}/5"), 5, seconds=5)
        await connection.ask("SET", "here", "5")
        connection.close("done")
        with pytest.raises(StoreAway, match="does not let us in") as away:
            await connect(read_url(f"redis://ann:pw-canary@{place}"), 5, seconds=5)
        assert "canary" not in str(away.value)


async def test_it_speaks_tls_and_knows_whom_it_speaks_to(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, "localhost")
    with redis_server(tmp_path / "redis", tls=(cert, key)) as redis:
        connection = await connect(read_url(f"rediss://localhost:{redis.tls_port}?ca={cert}"), 5, seconds=5)
        assert await connection.ask("PING") == b"PONG"
        connection.close("done")
        with pytest.raises(StoreAway, match="cannot be reached"):
            await connect(read_url(f"rediss://localhost:{redis.tls_port}"), 5, seconds=5)


async def test_of_a_cluster_the_node_is_found_that_has_the_key(tmp_path: Path) -> None:
    node = ("--cluster-enabled", "yes")
    with redis_server(tmp_path / "one", *node) as one, redis_server(tmp_path / "two", *node) as two:
        one.ask("CLUSTER", "ADDSLOTSRANGE", "0", "8000")
        two.ask("CLUSTER", "ADDSLOTSRANGE", "8001", "16383")
        one.ask("CLUSTER", "MEET", "127.0.0.1", str(two.port))
        await until(lambda: one.ask("CLUSTER", "INFO"), lambda said: "cluster_state:ok" in said)
        await until(lambda: two.ask("CLUSTER", "INFO"), lambda said: "cluster_state:ok" in said)
        for key in ("{gw:a}:runs", "{gw:b}:runs", "{gw:c}:runs", "{gw:d}:runs"):
            connection = await on_the_right_node(read_url(one.url), key, 5, seconds=5)
            assert await connection.ask("SET", key, "1") == b"OK"
            connection.close("done")
