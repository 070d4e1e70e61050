"""A store that was started anew is another one."""

from pathlib import Path

import pytest

from gatewatch.limits.shared.address import read_url
from gatewatch.limits.shared.connection import connect
from gatewatch.limits.shared.resp import StoreError
from gatewatch.limits.shared.scripts import Script
from gatewatch.limits.shared.store_id import info, load, store_id
from tests.kit.redis_server import RedisServer, redis_server


async def of(server: RedisServer) -> str:
    connection = await connect(read_url(server.url), 5, seconds=5)
    try:
        return await store_id(connection)
    finally:
        connection.close("done")


async def test_each_start_of_a_store_has_a_name_of_its_own(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        first = await of(server)
        assert await of(server) == first
        server.kill()
        server.start()
        assert await of(server) != first


async def test_it_says_what_it_does_when_its_memory_is_full(tmp_path: Path) -> None:
    with redis_server(tmp_path, "--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru") as server:
        connection = await connect(read_url(server.url), 5, seconds=5)
        memory = await info(connection, "memory")
        assert memory["maxmemory_policy"] == "allkeys-lru"
        with pytest.raises(StoreError):
            await load(connection, [Script("return 1", "0" * 40)])
        connection.close("done")
