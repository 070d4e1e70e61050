"""One request and the reply to it, with the control over bytes that faults need."""

import asyncio
import socket
import struct
from collections.abc import Coroutine, Iterable
from typing import TYPE_CHECKING, Any, Never

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.latency import AT_ONCE, Pace
from proxy.sandbox.manners import Manners
from proxy.sandbox.vendors import vendor_of
from proxy.sandbox.wire import JSON, LAST_CHUNK, chunk, head, new_id

if TYPE_CHECKING:
    from proxy.sandbox.connection import Connection

Reply = bytes | Coroutine[Any, Any, None]
"""A whole reply, or what writes one in its own time."""

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, for no time: closing sends RST."""

_READ_TIME = 0.02
"""Seconds a client gets to read what was sent before a reset destroys it."""


class Request:
    """What arrived, whole."""

    __slots__ = ("body", "chunks_allowed", "controls", "headers", "keep_alive", "method", "size", "target")

    def __init__(self) -> None:
        self.method = ""
        self.target = b""
        self.headers: list[tuple[bytes, bytes]] = []
        """Names in lower case."""
        self.controls: dict[str, str] = {}
        """`x-sandbox-*`, without the prefix."""
        self.body = b""
        self.size = 0
        """Bytes of the body, kept or not."""
        self.keep_alive = True
        self.chunks_allowed = True
        """Not for HTTP/1.0, where the end of a stream is the end of the connection."""

    def header(self, name: bytes) -> bytes | None:
        return next((value for known, value in self.headers if known == name), None)

    @property
    def path(self) -> str:
        return self.target.partition(b"?")[0].decode("latin-1")


class Exchange:
    """The writing end of one request."""

    __slots__ = (
        "_connection",
        "first_write",
        "hung_up",
        "manners",
        "model",
        "pace",
        "prompt_tokens",
        "request",
        "request_id",
        "streams",
        "writes",
    )

    def __init__(self, connection: "Connection", request: Request) -> None:
        self._connection = connection
        self.request = request
        self.request_id = new_id()
        self.manners: Manners = vendor_of(request)
        """Of the vendor that was asked; its endpoint may have its own."""
        self.pace: Pace = AT_ONCE
        self.model: str | None = None
        self.prompt_tokens = 0
        self.first_write: float | None = None
        """When the first byte was handed to the socket, by the loop's clock."""
        self.writes = 0
        self.streams = False
        self.hung_up = False
        """We ended the connection, so its end is not the client's doing."""

    @property
    def keeps_alive(self) -> bool:
        return self.request.keep_alive and not self.hung_up

    def head(self, status: int = 200, content_type: str = JSON, *, length: int | None = None, extra: str = "") -> bytes:
        """The reply's head. Without a length the body is chunked, or ends with the connection for HTTP/1.0."""
        if length is None and not self.request.chunks_allowed:
            self.request.keep_alive = False
        own = self.manners.headers(self.request_id, max(1, int(self.pace.first_byte * 1000)))
        if status == 200:
            own += self.manners.limits(self.prompt_tokens)
        return head(
            status,
            content_type,
            length=length,
            chunked=self.request.chunks_allowed,
            close=not self.request.keep_alive,
            extra=own + extra,
        )

    def plain(self, body: bytes, status: int = 200, content_type: str = JSON, *, extra: str = "") -> bytes:
        """A whole reply of known length."""
        return self.head(status, content_type, length=len(body), extra=extra) + body

    def refusal(self, error: ApiError) -> bytes:
        extra = self.manners.error_headers(error) + error.headers
        return self.plain(self.manners.error_body(error, self.request_id), error.status, extra=extra)

    def events_head(self, extra: str = "", length: int | None = None) -> bytes:
        self.streams = True
        content_type = self.manners.framing.content_type
        return self.head(content_type=content_type, length=length, extra="Cache-Control: no-cache\r\n" + extra)

    def events(self, frames: Iterable[bytes], *, clean_end: bool = True) -> bytes:
        """A whole stream as one write, each frame in a chunk of its own."""
        head = self.events_head()
        return head + b"".join([self.chunk(frame) for frame in frames]) + (self.end() if clean_end else b"")

    def chunk(self, data: bytes) -> bytes:
        return chunk(data) if self.request.chunks_allowed else data

    def end(self) -> bytes:
        """The clean end of a body without a length."""
        return LAST_CHUNK if self.request.chunks_allowed else b""

    def write(self, data: bytes) -> None:
        if self.first_write is None:
            self.first_write = self._connection.loop.time()
        self.writes += 1
        self._connection.write(data)

    async def drain(self) -> None:
        """Waits while the client leaves too much unread."""
        await self._connection.writable()

    async def wait(self, seconds: float) -> None:
        if seconds > 0:
            await asyncio.sleep(seconds)

    async def send_frames(self, frames: Iterable[bytes], *, clean_end: bool = True) -> None:
        """The same at the pace of this exchange."""
        gap = self.pace.gap
        if gap is None:
            self.write(self.events(frames, clean_end=clean_end))
            return
        loop = self._connection.loop
        due = loop.time()
        head = self.events_head()
        for frame in frames:
            if not head:
                due += gap
                await asyncio.sleep(max(0.0, due - loop.time()))
            self.write(head + self.chunk(frame))
            head = b""
            await self.drain()
        if clean_end:
            self.write(self.end())

    async def send_blocks(self, blocks: Iterable[bytes]) -> None:
        """Bytes as they are, never more in memory than the socket's buffer and a block."""
        for block in blocks:
            self.write(block)
            await self.drain()

    def close(self) -> None:
        """Sends what is written, then FIN."""
        self.hung_up = True
        self._connection.close()

    async def reset(self) -> None:
        """Lets the client read what was sent, then RST."""
        if self.writes:
            await asyncio.sleep(_READ_TIME)
        self.hung_up = True
        self._connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._connection.abort()

    async def silence(self) -> Never:
        """Nothing more, until the client goes away."""
        await asyncio.get_running_loop().create_future()
        raise AssertionError("only a lost connection ends this wait, by cancelling it")
