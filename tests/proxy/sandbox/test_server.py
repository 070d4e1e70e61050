import asyncio

import pytest

from gatewatch.errors import GatewatchError
from proxy.sandbox.provider import Options
from proxy.sandbox.server import HOST, start
from tests.kit.raw_http import connect


async def test_it_listens_on_loopback_only_and_two_may_run_beside_each_other() -> None:
    first, second = await start(Options()), await start(Options())
    assert first.port != second.port
    assert first.url == f"http://127.0.0.1:{first.port}"
    assert HOST == "127.0.0.1"
    await first.close()
    await second.close()


async def test_a_port_that_is_taken_is_said_with_the_way_out() -> None:
    first = await start(Options())
    with pytest.raises(GatewatchError) as caught:
        await start(Options(port=first.port))
    await first.close()
    assert str(first.port) in caught.value.title
    assert "--port" in caught.value.next_step


async def test_closing_ends_every_connection() -> None:
    running = await start(Options())
    async with connect(running.port) as (reader, _):
        async with asyncio.timeout(5):
            while not running.stats.connections:
                await asyncio.sleep(0)
        await running.close()
        assert await reader.read() == b""
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", running.port)
