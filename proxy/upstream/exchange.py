"""One request and its reply, as the relay sees it."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from proxy.settings import Deadlines
from proxy.upstream.failure import Kind, UpstreamFailed

if TYPE_CHECKING:
    from proxy.upstream.connection import Connection

BUFFER_BYTES = 256 * 1024
"""How much of a reply is held for a slow client before the upstream's socket is left unread."""


LINGER_SECONDS = 1.0


class Exchange:
    """Fed by a connection, read by a relay; one reader, one wait at a time.

    Keeps true: it ends exactly once, by a whole reply or by one failure; after `abort()` the socket is closed in the
    same tick; no phase outlasts its deadline.
    """

    def __init__(self, deadlines: Deadlines, total_due: float) -> None:
        """`total_due` is the loop time at which the whole call must have ended."""
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.failure: UpstreamFailed | None = None
        self.sent = False
        self.connect_us: int | None = None
        self.first_byte_at = 0.0
        self.last_byte_at = 0.0
        self.connection: Connection | None = None
        self._deadlines = deadlines
        self._total_due = total_due
        self._loop = asyncio.get_running_loop()
        self._activity = self._loop.time()
        self._first_due = 0.0
        self._chunks: deque[bytes] = deque()
        self._buffered = 0
        self._complete = False
        self._lingering = False
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._dialling: asyncio.Future[Connection] | None = None

    # the relay's side

    async def reply_started(self) -> None:
        """Wait for status and headers. Raises UpstreamFailed."""
        while not self.status:
            await self._wait()

    async def read(self) -> bytes:
        """All that has arrived of the body; b"" at its end. Raises UpstreamFailed."""
        while not self._chunks:
            if self._complete:
                return b""
            await self._wait()
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        if self._buffered > BUFFER_BYTES and self.connection:
            self.connection.resume()
            self._activity = self._loop.time()
        self._buffered = 0
        return data

    @property
    def complete(self) -> bool:
        """Whether the whole reply has been read."""
        return self._complete and not self._chunks

    def abort(self, kind: Kind, message: str) -> None:
        """End it now: the socket closes in this tick, and whoever waits gets UpstreamFailed. No-op after the end."""
        if self._complete or self.failure:
            return
        self.fail(kind, message)

    def linger(self) -> None:
        """The relay has all it needs: let the reply end by itself within a moment, so that the socket can be kept."""
        if self._complete or self.failure:
            return
        self._lingering = True
        self._chunks.clear()
        self._buffered = 0
        if self.connection:
            self.connection.resume()
        self.hurry(LINGER_SECONDS)

    def hurry(self, seconds: float) -> None:
        """What is left of the reply is not worth more than this."""
        if self._complete or self.failure:
            return
        self._total_due = min(self._total_due, self._loop.time() + seconds)
        if self._timer:
            self._timer.cancel()
        self._watch()

    def seconds_left(self) -> float:
        """Of the whole call."""
        return self._total_due - self._loop.time()

    # the connection's side

    def connecting(self, task: "asyncio.Future[Connection]") -> None:
        """A socket is being made; a failure meanwhile cancels that."""
        self._dialling = task

    def request_sent(self, connection: "Connection") -> None:
        self._dialling = None
        self.connection = connection
        self.sent = True
        self._activity = self._loop.time()
        self._first_due = self._activity + self._deadlines.first_byte
        self._watch()

    def started(self, status: int, headers: dict[bytes, bytes]) -> None:
        self.status = status
        self.headers = headers
        self._wake()

    def arrived(self) -> None:
        """Bytes came in."""
        self._activity = self.last_byte_at = self._loop.time()

    def feed(self, chunk: bytes) -> None:
        if not self.first_byte_at:  # a head alone says nothing: providers send it before they have begun
            self.first_byte_at = self._activity
            if self._timer and self._deadlines.idle < self._deadlines.first_byte:
                self._timer.cancel()
                self._watch()
        if self._lingering:
            return
        self._chunks.append(chunk)
        self._buffered += len(chunk)
        if self._buffered > BUFFER_BYTES and self.connection:
            self.connection.pause()
        self._wake()

    def finish(self) -> None:
        self._complete = True
        self._end()
        self._wake()

    def fail(self, kind: Kind, message: str) -> None:
        if self._complete or self.failure:
            return
        self.failure = UpstreamFailed(kind, message, sent=self.sent)
        self._end()
        self._wake()

    # inside

    async def _wait(self) -> None:
        if self.failure:
            raise self.failure
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        if self.failure and not self._chunks:
            raise self.failure

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    def _end(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._dialling:
            self._dialling.cancel()
        if self.connection:
            connection, self.connection = self.connection, None
            connection.exchange_ended(reusable=self._complete)

    def _watch(self) -> None:
        """One timer per exchange: it looks at the last activity when it fires, and goes on waiting for the rest."""
        now = self._loop.time()
        if self._buffered > BUFFER_BYTES:
            self._activity = now  # we do not read: the silence is the client's
        phase_due = self._activity + self._deadlines.idle if self.first_byte_at else self._first_due
        due = min(phase_due, self._total_due)
        if due > now:
            self._timer = self._loop.call_at(due, self._watch)
            return
        if now >= self._total_due:
            what = "the call's total deadline passed"
        elif self.first_byte_at:
            what = f"the upstream sent nothing for {self._deadlines.idle:g} s"
        else:
            what = f"the upstream sent no first byte within {self._deadlines.first_byte:g} s"
        self.fail("upstream_timeout", what)
