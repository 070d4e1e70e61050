"""HTTP as bytes on a socket, so that tests see how a reply really ends. Knows nothing of what it talks to."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple


class RawReply(NamedTuple):
    """One reply. `ended` is how: `length`, `chunks`, `eof` (no framing), `short` (FIN too soon) or `reset`."""

    status: int
    headers: dict[str, str]
    body: bytes
    chunks: list[bytes]
    ended: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def frames(self) -> list[bytes]:
        """Server-sent events without their blank lines; an unfinished one is the last."""
        return [frame for frame in self.body.replace(b"\r\n", b"\n").split(b"\n\n") if frame]

    @property
    def events(self) -> list[Any]:
        """The events that are JSON, parsed."""
        lines = [line for frame in self.frames for line in frame.split(b"\n")]
        payloads = [line.removeprefix(b"data: ") for line in lines if line.startswith(b"data: ")]
        return [json.loads(payload) for payload in payloads if payload != b"[DONE]"]


def request(method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
    """A request of HTTP/1.1. A header whose value is empty is left out."""
    fields = {"Host": "127.0.0.1", "Authorization": "Bearer test-key"} | (headers or {})
    if body:
        fields |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


@asynccontextmanager
async def connect(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection of our own, closed for certain in the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def ask(port: int, data: bytes) -> RawReply:
    """Send bytes on a fresh connection and read one reply. Raises ConnectionError where no head arrives."""
    async with connect(port) as (reader, writer):
        writer.write(data)
        return await read_reply(reader)


async def begun(reader: asyncio.StreamReader, until: bytes = b"\r\n\r\n") -> bytes:
    """Wait until this has come; it is still there to be read."""
    data = await reader.readuntil(until)
    reader._buffer[:0] = data  # type: ignore[attr-defined]
    return data


async def read_reply(reader: asyncio.StreamReader) -> RawReply:
    """The next reply, however it ends. Raises ConnectionError where no head arrives."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        raise ConnectionAbortedError(f"end of connection after {error.partial!r}") from error
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    chunks: list[bytes] = []
    ended = await _read_body(reader, headers, chunks)
    return RawReply(int(first.split()[1]), headers, b"".join(chunks), chunks, ended)


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str], chunks: list[bytes]) -> str:
    try:
        if "content-length" in headers:
            left = int(headers["content-length"])
            while left and (part := await reader.read(min(left, 65536))):
                chunks.append(part)
                left -= len(part)
            return "short" if left else "length"
        if headers.get("transfer-encoding") == "chunked":
            while size := int(await _line(reader), 16):
                chunks.append(await reader.readexactly(size))
                await _line(reader)
            await _line(reader)
            return "chunks"
        while part := await reader.read(65536):
            chunks.append(part)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            chunks.append(error.partial)
        return "short"
    except ConnectionResetError:
        return "reset"
    return "eof"


async def _line(reader: asyncio.StreamReader) -> bytes:
    line = await reader.readuntil(b"\r\n")
    return line[:-2]
