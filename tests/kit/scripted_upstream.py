"""An upstream whose every byte a test decides, on a real loopback socket.

A script is a coroutine that is given one accepted connection. What it raises fails the test, except for the other side
going away. The server ends with all its connections.
"""

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple


class Received(NamedTuple):
    """One request as it stood on the wire."""

    line: str
    headers: dict[str, str]
    head: bytes
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Conversation:
    """One accepted connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.requests: list[Received] = []
        self._arrived = asyncio.Event()
        self._left = asyncio.Event()

    async def arrived(self) -> None:
        """For tests: until the first whole request is here."""
        await self._arrived.wait()

    async def left(self) -> None:
        """For tests: until the script has seen that the client has closed its end."""
        await self._left.wait()

    async def request(self) -> Received:
        """The next whole request. Raises ConnectionError where the client goes away instead."""
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
        except ConnectionError:
            self._left.set()
            raise
        except asyncio.IncompleteReadError as error:
            self._left.set()
            raise ConnectionAbortedError(f"the client left after {error.partial!r}") from error
        line, *fields = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        headers = {name.lower(): value for name, _, value in (field.partition(": ") for field in fields)}
        body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        received = Received(line, headers, head, body)
        self.requests.append(received)
        self._arrived.set()
        return received

    async def some(self) -> bytes:
        """Whatever comes first, a request or not. Raises ConnectionError where the client goes away instead."""
        data = await self._reader.read(65536)
        if not data:
            self._left.set()
            raise ConnectionAbortedError("the client left without a word")
        return data

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def flushed(self) -> None:
        """Until the kernel has taken what was sent (all but the transport's low-water mark)."""
        await self._writer.drain()

    @property
    def unsent(self) -> int:
        """Bytes that the kernel has not taken: the other side does not read."""
        return self._writer.transport.get_write_buffer_size()

    def close(self) -> None:
        """FIN, behind what was sent."""
        self._writer.close()

    def reset(self) -> None:
        """RST, at once."""
        connection = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def gone(self) -> None:
        """For scripts: until the client has closed its end. Raises AssertionError where it sends more instead."""
        try:
            more = await self._reader.read(1)
        except ConnectionError:
            more = b""
        assert more == b"", "the client sent more"
        self._left.set()


Script = Callable[[Conversation], Awaitable[None]]


class ScriptedUpstream:
    """Counts and keeps what it was sent."""

    def __init__(self, script: Script, scheme: str) -> None:
        self.script = script
        self.port = 0
        self.scheme = scheme
        self.conversations: list[Conversation] = []
        self.errors: list[BaseException] = []
        self._accepted = asyncio.Condition()
        self._running: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/v1"

    @property
    def requests(self) -> list[Received]:
        """All requests, in the order of the connections they came on."""
        return [request for conversation in self.conversations for request in conversation.requests]

    async def conversation(self, number: int) -> Conversation:
        """The connection with this number, from 0, when it has been accepted."""
        async with self._accepted:
            await self._accepted.wait_for(lambda: len(self.conversations) > number)
        return self.conversations[number]

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = Conversation(reader, writer)
        self.conversations.append(conversation)
        async with self._accepted:
            self._accepted.notify_all()
        task = asyncio.current_task()
        assert task
        self._running.add(task)
        try:
            await self.script(conversation)
        except (ConnectionError, asyncio.CancelledError):  # the client left, or the server ends
            pass
        except Exception as error:  # noqa: BLE001 - told to the test when the server ends
            self.errors.append(error)
        finally:
            self._running.discard(task)
            writer.close()

    async def end(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        for conversation in self.conversations:
            conversation.close()


@asynccontextmanager
async def scripted_upstream(
    script: Script, *, listening: socket.socket | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[ScriptedUpstream]:
    """Listens on a free port of 127.0.0.1, or on a copy of `listening`, which stays open."""
    upstream = ScriptedUpstream(script, "https" if tls else "http")
    if listening is None:
        server = await asyncio.start_server(upstream.accept, "127.0.0.1", 0, ssl=tls, limit=2**26)
    else:
        server = await asyncio.start_server(upstream.accept, sock=listening.dup(), limit=2**26)
    upstream.port = server.sockets[0].getsockname()[1]
    try:
        yield upstream
    finally:
        server.close()
        await upstream.end()
        if upstream.errors:
            raise AssertionError(f"the upstream's script failed: {upstream.errors[0]!r}") from upstream.errors[0]


def answers(*replies: bytes) -> Script:
    """One reply after the other on each connection, then silence until the client leaves."""

    async def script(conversation: Conversation) -> None:
        for reply in replies:
            await conversation.request()
            conversation.send(reply)
        await conversation.gone()

    return script


async def silence(conversation: Conversation) -> None:
    """Take whatever comes and never answer."""
    while True:
        await conversation.request()


def http(status: int, body: bytes, *headers: str, content_type: str = "application/json") -> bytes:
    """A whole reply with its length."""
    fields = "".join(f"{field}\r\n" for field in (f"content-type: {content_type}", *headers))
    return f"HTTP/1.1 {status} X\r\n{fields}content-length: {len(body)}\r\n\r\n".encode() + body


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
DONE = b"data: [DONE]\n\n"


def event(value: object) -> bytes:
    """One event with a JSON payload."""
    return b"data: " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n"


def delta(text: str, finish_reason: str | None = None, model: str = "gpt-4o-mini-2024-07-18") -> bytes:
    """An event with a piece of the answer."""
    choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish_reason}
    return event({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": model, "choices": [choice]})


def usage_event(usage: object) -> bytes:
    """The event that OpenAI sends last where usage was asked for."""
    return event({"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [], "usage": usage})


def chat_reply(usage: object = None, text: str = "Hello", **changed: object) -> bytes:
    """The JSON of a plain chat reply; without usage where that is None."""
    message = {"role": "assistant", "content": text}
    reply: dict[str, object] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }
    if usage is not None:
        reply["usage"] = usage
    return json.dumps(reply | changed).encode()
