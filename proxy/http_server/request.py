"""One request as its server hands it on, and the only way to answer it."""

import asyncio
from typing import TYPE_CHECKING

from proxy.refusal import Refusal, too_large

if TYPE_CHECKING:
    from collections.abc import Callable

    from proxy.http_server.connection import ClientConnection

Headers = list[tuple[bytes, bytes]]


class ClientLeft(Exception):
    """The client went away before its request was whole."""


class Request:
    """Answered once: by `reply`, or by `start`, `write`… and `finish`, or cut off by `cut`."""

    __slots__ = (
        "_body",
        "_waiter",
        "answered",
        "connection",
        "gone",
        "headers",
        "http10",
        "keep_alive",
        "method",
        "on_disconnect",
        "path",
        "query",
        "refusal",
        "started",
        "whole",
    )

    def __init__(self, connection: "ClientConnection") -> None:
        self.connection = connection
        self.method = ""
        self.path = ""
        self.query = ""
        """May hold a key that somebody put there: never for a log or a row."""
        self.headers: dict[bytes, bytes] = {}
        self.refusal: Refusal | None = None
        """What is wrong with the request's head; whoever answers decides how to say it."""
        self.keep_alive = False
        self.http10 = False
        self.whole = False
        self.started = False
        self.answered = False
        self.gone = False
        self.on_disconnect: Callable[[], None] | None = None
        self._body: bytes | bytearray = b""
        self._waiter: asyncio.Future[None] | None = None

    @property
    def source(self) -> str:
        """The peer's address."""
        return self.connection.source

    async def body(self, cap: int) -> bytes:
        """All of the body, once: it is not kept. Raises Refusal beyond `cap`, ClientLeft."""
        if not self.whole:
            self.connection.wants_body(self)
        while not self.whole:
            if len(self._body) > cap:
                raise too_large(cap)
            if self.gone:
                raise ClientLeft
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        taken, self._body = self._body, b""
        if len(taken) > cap:
            raise too_large(cap)
        return bytes(taken)

    def reply(self, status: int, headers: Headers, body: bytes) -> None:
        """A whole answer, in one write."""
        self.connection.reply(self, status, headers, body)

    async def start(self, status: int, headers: Headers) -> None:
        """Status and headers of an answer whose body follows; chunked where no content-length is among them."""
        self.begin(status, headers)

    def begin(self, status: int, headers: Headers) -> None:
        """`start` for who cannot wait."""
        self.connection.start(self, status, headers)

    def put(self, data: bytes) -> bool:
        """`write` for who cannot wait: False, and nothing of it goes out, where the client is slow to read."""
        if self.connection.writing_paused:
            return False
        self.connection.write(data)
        return True

    async def write(self, data: bytes, hurried: "Callable[[], bool]" = bool) -> None:
        """A part of the body; waits while the client is slow to read, unless `hurried`."""
        self.connection.write(data)
        if self.connection.writing_paused:
            await self.connection.drained(hurried)

    def finish(self, data: bytes = b"") -> None:
        """The last part of the body."""
        self.connection.finish(self, data)

    def cut(self) -> None:
        """End the connection uncleanly: the client must not take what it has for a whole answer."""
        self.connection.abort()

    # the connection's side

    def fed(self, data: bytes) -> int:
        """Take a part of the body; returns its size so far."""
        if self._body:
            if isinstance(self._body, bytes):
                self._body = bytearray(self._body)
            self._body += data
        else:
            self._body = data
        self._wake()
        return len(self._body)

    def completed(self) -> None:
        self.whole = True
        self._wake()

    def client_left(self) -> None:
        self.gone = True
        self._wake()
        if self.on_disconnect:
            self.on_disconnect()

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)
