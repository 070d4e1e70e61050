"""Clients that keep on calling while the gateway is being killed, and remember what they saw complete."""

import asyncio
import contextlib
from typing import NamedTuple

import httpx

CLIENTS = 8


class Seen(NamedTuple):
    """What clients saw: ids of calls whose reply was complete, and of calls that had begun to answer."""

    complete: set[str]
    begun: set[str]


class Load:
    """Half of the clients stream. Runs until stopped; wakes whoever waits for progress."""

    def __init__(self, base_url: str, key: str) -> None:
        self.seen = Seen(set(), set())
        self.failures = 0
        self._base_url = base_url
        self._headers = {"authorization": f"Bearer {key}", "x-sandbox-chunk-gap-ms": "2", "x-sandbox-latency-ms": "3"}
        self._progress = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Load":
        self._tasks = [asyncio.create_task(self._client(number)) for number in range(CLIENTS)]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def progress(self, calls: int) -> None:
        """Wait until so many more calls are complete."""
        wanted = len(self.seen.complete) + calls
        async with asyncio.timeout(60):
            while len(self.seen.complete) < wanted:
                self._progress.clear()
                await self._progress.wait()

    async def _client(self, number: int) -> None:
        stream = number % 2 == 0
        body = {
            "model": "gpt-4o",
            "stream": stream,
            "messages": [{"role": "user", "content": f"client {number} asks for a few words"}],
            "max_tokens": 12,
        }
        while True:
            async with httpx.AsyncClient(base_url=self._base_url, headers=self._headers, timeout=20) as client:
                with contextlib.suppress(httpx.HTTPError):
                    while True:
                        await self._call(client, body, stream)
            self.failures += 1

    async def _call(self, client: httpx.AsyncClient, body: dict[str, object], stream: bool) -> None:
        async with client.stream("POST", "/chat/completions", json=body) as response:
            call_id = response.headers["x-gatewatch-call-id"]
            if response.status_code != 200:
                await response.aread()
                return
            self.seen.begun.add(call_id)
            text = b"".join([part async for part in response.aiter_bytes()])
        if not stream or text.endswith(b"data: [DONE]\n\n"):
            self.seen.complete.add(call_id)
            self._progress.set()
