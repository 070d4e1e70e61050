"""A streaming upstream: 64 chunks with `"usage":null`, the usage chunk, `[DONE]`; one write to the socket for each.

Below `/burst` all of them at once; below `/paced` the first after 50 ms and the others 10 ms apart, by an absolute
timetable, so that one late write does not delay the next.

    python -m benchmarks.mocks.sse_upstream PORT
"""

import asyncio
import sys
from typing import cast

import uvloop

CHUNKS = 64
FIRST_SECONDS = 0.050
GAP_SECONDS = 0.010
PACED_SECONDS = FIRST_SECONDS + GAP_SECONDS * (CHUNKS + 1)

_ID = (
    b'"id":"chatcmpl-AbCdEf0123456789","object":"chat.completion.chunk","created":1700000000,'
    b'"model":"gpt-4o-2024-08-06"'
)
_TEXT = (
    b'data: {%s,"choices":[{"index":0,"delta":{"content":" word%02d"},"logprobs":null,"finish_reason":%s}],'
    b'"usage":null}\n\n'
)
_USAGE = b'data: {%s,"choices":[],"usage":{"prompt_tokens":200,"completion_tokens":64,"total_tokens":264}}\n\n'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def frames() -> list[bytes]:
    """The events of one stream."""
    texts = [_TEXT % (_ID, n, b'"stop"' if n == CHUNKS - 1 else b"null") for n in range(CHUNKS)]
    return [*texts, _USAGE % _ID, b"data: [DONE]\n\n"]


def writes() -> list[bytes]:
    """What goes to the socket after the head, one write each."""
    chunks = [b"%x\r\n%s\r\n" % (len(frame), frame) for frame in frames()]
    return [*chunks[:-1], chunks[-1] + b"0\r\n\r\n"]


_WRITES = writes()


def cut_request(buffer: bytes) -> tuple[bytes, bytes] | None:
    """The first whole request's line and what follows its body; None where it is not whole yet. No chunked bodies."""
    head_end = buffer.find(b"\r\n\r\n")
    if head_end < 0:
        return None
    lines = buffer[:head_end].split(b"\r\n")
    lengths = [int(line[15:]) for line in lines[1:] if line[:15].lower() == b"content-length:"]
    end = head_end + 4 + (lengths[0] if lengths else 0)
    return (lines[0], buffer[end:]) if len(buffer) >= end else None


class Stream(asyncio.Protocol):
    """One connection; its requests are answered one after the other."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while cut := cut_request(self._buffer):
            line, self._buffer = cut
            if b"/paced/" in line:
                self._write_next(0, self._loop.time() + FIRST_SECONDS)
            else:
                self._transport.write(HEAD)
                for piece in _WRITES:
                    self._transport.write(piece)

    def _write_next(self, number: int, due: float) -> None:
        self._loop.call_at(due, self._write_paced, number, due)

    def _write_paced(self, number: int, due: float) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(HEAD + _WRITES[0] if number == 0 else _WRITES[number])
        if number + 1 < len(_WRITES):
            self._write_next(number + 1, due + GAP_SECONDS)


async def serve(port: int) -> None:
    """Until killed."""
    server = await asyncio.get_running_loop().create_server(Stream, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
