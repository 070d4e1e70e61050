"""The upstream client as the worker runs it: on uvloop, against real sockets; nothing is left over after a test."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import uvloop

from proxy.settings import Deadlines, Provider, Way
from proxy.upstream.exchange import Exchange
from proxy.upstream.pool import Pool
from tests.kit.waiting import until

PATIENT = Deadlines(connect=20, first_byte=20, idle=20, total=20)
SHORT = 0.05
"""Seconds of a deadline that is meant to pass."""


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


class Client:
    """Sends requests through one pool and remembers their exchanges."""

    def __init__(self, base_url: str, *, allow_private: bool = True) -> None:
        self.pool = Pool(
            Provider(
                name="p",
                ways=(Way(dialect="openai-chat", base_url=base_url),),
                keys=(),
                price_provider="openai",
                allow_private=allow_private,
            ),
            base_url,
        )
        self.exchanges: list[Exchange] = []

    def exchange(self, **deadlines: float) -> Exchange:
        """A new exchange; phases that are not named have 20 s."""
        limits = Deadlines(**({"connect": 20, "first_byte": 20, "idle": 20, "total": 20} | deadlines))
        exchange = Exchange(limits, asyncio.get_running_loop().time() + limits.total)
        self.exchanges.append(exchange)
        return exchange

    async def send(self, exchange: Exchange, *, body: bytes = b"{}", **deadlines: Any) -> None:
        origin = self.pool.origin
        fields = f"host: {origin.authority}\r\nauthorization: Bearer canary\r\ncontent-length: {len(body)}\r\n\r\n"
        head = f"POST {origin.path}/chat/completions HTTP/1.1\r\n{fields}".encode()
        limits = Deadlines(**({"connect": 20, "first_byte": 20, "idle": 20, "total": 20} | deadlines))
        await self.pool.send(exchange, head, body, limits)

    async def start(self, **deadlines: Any) -> Exchange:
        """A request that is on its way."""
        exchange = self.exchange(**deadlines)
        await self.send(exchange, **deadlines)
        return exchange

    async def ask(self, **deadlines: Any) -> tuple[int, bytes]:
        """Status and body of a whole reply."""
        exchange = await self.start(**deadlines)
        await exchange.reply_started()
        return exchange.status, await everything(exchange)

    @property
    def open_sockets(self) -> int:
        return len(self.pool._all)


async def everything(exchange: Exchange) -> bytes:
    parts = []
    while part := await exchange.read():
        parts.append(part)
    return b"".join(parts)


@pytest.fixture
async def client() -> AsyncIterator[Callable[..., Client]]:
    """`client(url)`; afterwards no socket, no timer and no task of any is left."""
    clients: list[Client] = []

    def make(base_url: str, **options: Any) -> Client:
        clients.append(Client(base_url, **options))
        return clients[-1]

    yield make
    for each in clients:
        each.pool.close()
        await until(lambda: not each.open_sockets)  # noqa: B023 - awaited at once
        for exchange in each.exchanges:
            assert exchange.complete or exchange.failure or exchange._complete, "an exchange never ended"
            assert exchange._timer is None, "a timer is left"
            assert exchange.connection is None, "a connection is held"
    await until(lambda: asyncio.all_tasks() == {asyncio.current_task()})
