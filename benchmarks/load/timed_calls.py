"""Calls at a fixed rate, whatever the replies do, each with its own time: for what changes while the load goes on."""

import asyncio
import time
from typing import NamedTuple, cast

from benchmarks.request import Door


class Timed(NamedTuple):
    """One call. `begun` by the wall clock, in seconds."""

    begun: float
    ms: float
    status: int
    """0: the connection ended without a whole reply."""


class TimedCalls:
    """`rate` calls a second to one door, in this event loop. A context manager."""

    def __init__(self, door: Door, rate: float) -> None:
        self.ended: list[Timed] = []
        self.request = door.request(stream=False)
        self.idle: list[_Caller] = []
        self.running = 0
        self._door, self._rate = door, rate

    async def __aenter__(self) -> "TimedCalls":
        self._task = asyncio.create_task(self._go_on())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Waits for what runs."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        while self.running:
            await asyncio.sleep(0.01)
        for caller in self.idle:
            caller.close()

    def between(self, begun: float, ended: float) -> list[Timed]:
        """Those that began then."""
        return [each for each in self.ended if begun <= each.begun < ended]

    async def _go_on(self) -> None:
        loop = asyncio.get_running_loop()
        began, number = loop.time(), 0
        while True:
            await asyncio.sleep(max(0.0, began + number / self._rate - loop.time()))
            number += 1
            self.running += 1
            if self.idle:
                self.idle.pop().call()
            else:
                await loop.create_connection(lambda: _Caller(self), "127.0.0.1", self._door.port)


class _Caller(asyncio.Protocol):
    """One connection. Replies have a content-length."""

    def __init__(self, calls: TimedCalls) -> None:
        self._calls = calls
        self._runs = False
        self._reply = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.call()

    def call(self) -> None:
        self._reply, self._runs = b"", True
        self._begun, self._at = time.time(), time.perf_counter()
        self._transport.write(self._calls.request)

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._reply += data
        head, ended, body = self._reply.partition(b"\r\n\r\n")
        if ended:
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            if len(body) >= int(length[15:]):
                self._end(int(head[9:12]))

    def _end(self, status: int) -> None:
        self._runs = False
        self._calls.running -= 1
        self._calls.ended.append(Timed(self._begun, (time.perf_counter() - self._at) * 1000, status))
        if status:
            self._calls.idle.append(self)

    def connection_lost(self, error: Exception | None) -> None:
        del error
        if self._runs:
            self._end(0)
        elif self in self._calls.idle:
            self._calls.idle.remove(self)
