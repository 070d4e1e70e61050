"""Streams over N connections, each with one at a time: how many end, and how soon their first event comes."""

import asyncio
import time
from typing import NamedTuple, cast

import uvloop

from benchmarks.request import Door
from benchmarks.spread import percentile

WARM_UP_SECONDS = 0.3
LAST_SECONDS = 10.0
_END = b"\r\n0\r\n\r\n"
_MARKS = {"chat": b"data: [DONE]\n\n", "messages": b'"message_stop"', "responses": b"}}\n\n", "gemini": b"}"}
"""What stands before the end of a whole stream, by the format of the request."""
_KEPT = 64


class Streams(NamedTuple):
    """`calls` are all that ended; the rest is of those that ended after the warm-up, ms from the request on."""

    calls: int
    errors: int
    per_s: float
    ttft_p50_ms: float
    total_p50_ms: float
    total_p99_ms: float


class StreamEnd:
    """Finds the end of a chunked event stream, however it is cut into reads."""

    def __init__(self, speaks: str = "chat") -> None:
        self._tail = b""
        self._mark = _MARKS[speaks]

    def reached(self, data: bytes) -> bool:
        """Whether these bytes end the stream."""
        self._tail = (self._tail + data[-_KEPT:])[-_KEPT:]
        return self._tail.endswith(_END)

    @property
    def whole(self) -> bool:
        """Whether the format's mark stood before the end."""
        return self._mark in self._tail


class _Reader(asyncio.Protocol):
    def __init__(self, run: "_Run") -> None:
        self._run = run

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def _ask(self) -> None:
        self._end = StreamEnd(self._run.speaks)
        self._ttft = 0
        self._good = True
        self._began = time.perf_counter_ns()
        self._transport.write(self._run.request)

    def data_received(self, data: bytes) -> None:
        if not self._ttft:
            if data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 200"):
                self._transport.abort()
                return
            if b"data:" in data:
                self._ttft = time.perf_counter_ns() - self._began
        if self._end.reached(data):
            self._run.ended(self._ttft, time.perf_counter_ns() - self._began, self._end.whole)
            if self._run.stopping:
                self._transport.close()
            else:
                self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        del error
        self._run.lost(self._end.whole)


class _Run:
    def __init__(self, request: bytes, connections: int, speaks: str) -> None:
        self.request = request
        self.speaks = speaks
        self.open = connections
        self.ttft: list[int] = []
        self.total: list[int] = []
        self.calls = self.errors = 0
        self.counting = self.stopping = False
        self.emptied = asyncio.Event()

    def ended(self, ttft: int, total: int, whole: bool) -> None:
        self.calls += 1
        self.errors += not whole
        if self.counting and whole:
            self.ttft.append(ttft)
            self.total.append(total)

    def lost(self, whole: bool) -> None:
        """A connection has ended, well where its last stream had."""
        self.errors += not whole
        self.open -= 1
        if not self.open:
            self.emptied.set()


async def _load(door: Door, connections: int, seconds: float, stagger: float) -> Streams:
    loop = asyncio.get_running_loop()
    run = _Run(door.request(stream=True), connections, door.speaks)
    for _ in range(connections):
        await loop.create_connection(lambda: _Reader(run), "127.0.0.1", door.port)
        await asyncio.sleep(stagger / connections)
    await asyncio.sleep(WARM_UP_SECONDS)
    run.counting, began = True, time.perf_counter()
    await asyncio.sleep(seconds)
    run.counting, elapsed = False, time.perf_counter() - began
    run.stopping = True
    async with asyncio.timeout(LAST_SECONDS):
        await run.emptied.wait()
    ttft, total = ([nanoseconds / 1e6 for nanoseconds in sorted(each)] for each in (run.ttft, run.total))
    p50, p99 = percentile(total, 0.50), percentile(total, 0.99)
    return Streams(run.calls, run.errors, len(total) / elapsed, percentile(ttft, 0.50), p50, p99)


def run(door: Door, connections: int, seconds: float, stagger: float = 0.0) -> Streams:
    """Load the door; the connections begin spread over `stagger` seconds.

    Raises ValueError where no stream ended well, TimeoutError where the last ones do not end.
    """
    return uvloop.run(_load(door, connections, seconds, stagger))
