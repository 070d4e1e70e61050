"""Clients that make every kind of call, well and badly, while a test kills what serves them."""

import asyncio
import json
from contextlib import suppress
from itertools import count

from tests.kit.raw_http import ask, connect, request

CLIENTS = 8
KINDS: tuple[dict[str, str], ...] = (
    {},
    {"stream": "yes", "x-sandbox-chunks": "20", "x-sandbox-chunk-gap-ms": "3"},
    {"x-sandbox-fault": "500"},
    {"leave": "yes", "stream": "yes", "x-sandbox-chunks": "200", "x-sandbox-chunk-gap-ms": "5"},
    {"x-sandbox-latency-ms": "40"},
    {"x-sandbox-fault": "reset"},
    {"stream": "yes", "x-sandbox-fault": "cut-stream"},
)
"""What each call is in its turn: headers of the sandbox, whether it streams, whether its client leaves early."""


class ChaosLoad:
    """Calls of `CLIENTS` clients, one after the other, for as long as it is entered."""

    def __init__(self, port: int, secret: str) -> None:
        self._port = port
        self._secret = secret
        self._made = 0
        self._numbers = count()
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "ChaosLoad":
        self._tasks = [asyncio.create_task(self._client()) for _ in range(CLIENTS)]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def progress(self, calls: int) -> None:
        """Until so many more have ended, one way or another."""
        due = self._made + calls
        async with asyncio.timeout(60):
            while self._made < due:
                self._news.clear()
                await self._news.wait()

    async def _client(self) -> None:
        while True:
            number = next(self._numbers)
            with suppress(OSError):
                await self._call(number, dict(KINDS[number % len(KINDS)]))
                self._made += 1
                self._news.set()
            await asyncio.sleep(0)

    async def _call(self, number: int, headers: dict[str, str]) -> None:
        leaves, streams = headers.pop("leave", ""), bool(headers.pop("stream", ""))
        body = {
            "model": "chat",
            "stream": streams,
            "user": f"user-{number % 3}",
            "max_tokens": 200,
            "messages": [{"role": "user", "content": f"chaos {number}"}],
        }
        headers |= {"Authorization": f"Bearer {self._secret}"}
        data = request("POST", "/v1/chat/completions", json.dumps(body).encode(), headers)
        if not leaves:
            await ask(self._port, data)
            return
        async with connect(self._port) as (reader, writer):
            writer.write(data)
            await reader.read(400)
