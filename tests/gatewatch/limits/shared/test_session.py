"""A worker has one connection to the store at a time, and a new one whenever that is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gatewatch.limits.shared.address import read_url
from gatewatch.limits.shared.connection import Connection
from gatewatch.limits.shared.names import Names
from gatewatch.limits.shared.session import Session
from tests.kit.redis_server import RedisServer, redis_server
from tests.kit.waiting import until

RUN = "20260102T030405Z-0123abcd"


class Stage:
    def __init__(self, redis: RedisServer) -> None:
        self.done: list[int] = []
        self.begun: list[int] = []
        self.session = Session(read_url(redis.url), Names("g"), RUN, 5.0, self.made)

    async def made(self, connection: Connection, done: int) -> None:
        assert self.session.connection is not connection, "nobody else uses it yet"
        self.done.append(done)

    def begin(self, connection: Connection) -> None:
        assert self.session.connection is connection
        self.begun.append(self.session.number)


@asynccontextmanager
async def connected(redis: RedisServer) -> AsyncIterator[Stage]:
    stage = Stage(redis)
    keeping = asyncio.create_task(stage.session.keep(stage.begin))
    await stage.session.tried()
    try:
        yield stage
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def test_each_connection_has_a_number_of_its_own_that_the_store_knows(tmp_path: Path) -> None:
    with redis_server(tmp_path) as redis:
        async with connected(redis) as stage:
            assert (stage.session.away, stage.begun, stage.done) == (None, [1], [0])
            redis.ask("HSET", Names("g").run(RUN), "deed", "7")
            assert stage.session.connection
            stage.session.connection.close("cut")
            await until(lambda: stage.begun == [1, 2], bool)
            assert stage.done == [0, 7]
            assert redis.ask("HGET", Names("g").run(RUN), "connection") == "2"


async def test_a_store_that_was_emptied_is_noticed_without_a_call(tmp_path: Path) -> None:
    with redis_server(tmp_path) as redis:
        async with connected(redis) as stage:
            redis.ask("FLUSHALL")
            await until(lambda: stage.begun == [1, 2], bool)


async def test_a_store_that_is_not_there_is_tried_again_and_why_is_known(tmp_path: Path) -> None:
    with redis_server(tmp_path) as redis:
        redis.kill()
        async with connected(redis) as stage:
            assert "cannot be reached" in (stage.session.away or "")
            assert stage.session.connection is None
            redis.start()
            await until(lambda: stage.session.away is None, bool)
            first = stage.session.store
            redis.kill()
            await until(lambda: stage.session.away is not None, bool)
            redis.start()
            await until(lambda: stage.session.away is None, bool)
            assert stage.session.store != first, "another run of the store"
