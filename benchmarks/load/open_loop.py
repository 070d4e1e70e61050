"""Calls at a fixed rate, whatever the replies do: the latency that an app sees of a door that is not saturated.

A call never waits for another: it takes an idle connection or makes a new one. Its time runs from the write of the
request to the last byte of the reply.
"""

import asyncio
import time
from typing import NamedTuple, cast

import uvloop

from benchmarks.request import Door
from benchmarks.spread import percentile

WARM_UP_SECONDS = 0.5
LAST_SECONDS = 5.0


class OpenLoop(NamedTuple):
    """`calls` are all that were made; latencies are of those after the warm-up, ms."""

    calls: int
    errors: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


class _Caller(asyncio.Protocol):
    """One connection. Replies have a content-length."""

    def __init__(self, run: "_Run") -> None:
        self._run = run
        self._reply = b""
        self._began = 0
        self._left = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.call()

    def call(self) -> None:
        self._reply, self._left = b"", -1
        self._began = time.perf_counter_ns()
        self._transport.write(self._run.request)

    def data_received(self, data: bytes) -> None:
        if self._left < 0:
            self._reply += data
            head, ended, body = self._reply.partition(b"\r\n\r\n")
            if not ended:
                return
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            self._left = int(length[15:]) - len(body)
        else:
            self._left -= len(data)
        if self._left <= 0:
            self._run.ended(self, time.perf_counter_ns() - self._began, self._reply.startswith(b"HTTP/1.1 200"))

    def connection_lost(self, error: Exception | None) -> None:
        del error
        self._run.lost(self)


class _Run:
    def __init__(self, request: bytes) -> None:
        self.request = request
        self.idle: list[_Caller] = []
        self.latencies: list[int] = []
        self.errors = self.begun = self.finished = 0
        self.counting = False

    def ended(self, caller: _Caller, nanoseconds: int, good: bool) -> None:
        self.finished += 1
        self.errors += not good
        if self.counting:
            self.latencies.append(nanoseconds)
        self.idle.append(caller)

    def lost(self, caller: _Caller) -> None:
        if caller in self.idle:
            self.idle.remove(caller)
        else:
            self.errors += 1
            self.finished += 1


async def _load(door: Door, rate: float, seconds: float) -> OpenLoop:
    loop = asyncio.get_running_loop()
    run = _Run(door.request(stream=False))
    began = loop.time()
    for number in range(int(rate * (seconds + WARM_UP_SECONDS))):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - loop.time()))
        run.counting = number >= rate * WARM_UP_SECONDS
        run.begun += 1
        if run.idle:
            run.idle.pop().call()
        else:
            await loop.create_connection(lambda: _Caller(run), "127.0.0.1", door.port)
    give_up = loop.time() + LAST_SECONDS
    while run.finished < run.begun and loop.time() < give_up:
        await asyncio.sleep(0.01)
    run.errors += run.begun - run.finished
    ordered = [nanoseconds / 1e6 for nanoseconds in sorted(run.latencies)]
    p50, p95, p99 = (percentile(ordered, share) for share in (0.50, 0.95, 0.99))
    return OpenLoop(run.begun, run.errors, p50, p95, p99)


def run(door: Door, rate: float, seconds: float) -> OpenLoop:
    """Load the door with `rate` calls a second."""
    return uvloop.run(_load(door, rate, seconds))
