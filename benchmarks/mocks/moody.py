"""A provider whose mood is changed while it runs: well, dead, slow, throttled, overloaded."""

import asyncio
import json
from typing import Literal, cast

from benchmarks.mocks.sse_upstream import cut_request

Mood = Literal["well", "dead", "slow", "429", "429 with Retry-After", "503"]
SLOW_SECONDS = 30.0
RETRY_AFTER_SECONDS = 1

_USAGE = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
_CHOICE = {"index": 0, "message": {"role": "assistant", "content": "Well."}, "finish_reason": "stop"}
_REPLY = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o", "choices": [_CHOICE]}


def _http(status: int, said: object, *headers: str) -> bytes:
    body = json.dumps(said).encode()
    fields = "".join(f"{each}\r\n" for each in ("content-type: application/json", *headers))
    return f"HTTP/1.1 {status} X\r\n{fields}content-length: {len(body)}\r\n\r\n".encode() + body


def _error(message: str, kind: str) -> object:
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


_LIMITED = _error("Rate limit reached", "rate_limit_error")
_SAYS: dict[Mood, bytes] = {
    "well": _http(200, _REPLY | {"usage": _USAGE}),
    "429": _http(429, _LIMITED),
    "429 with Retry-After": _http(429, _LIMITED, f"retry-after: {RETRY_AFTER_SECONDS}"),
    "503": _http(503, _error("Overloaded", "server_error")),
}


class Moody:
    """One provider on a port of its own. All of it in one event loop."""

    def __init__(self) -> None:
        self.port = 0
        self.mood: Mood = "well"
        self.asked = 0
        self.open: set[asyncio.Transport] = set()
        self._server: asyncio.Server | None = None

    async def turn(self, mood: Mood) -> None:
        """From now on. One that is dead refuses connections, and resets those that it had."""
        self.mood = mood
        if mood == "dead":
            await self.end()
        elif self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", self.port, backlog=2048)
            self.port = self._server.sockets[0].getsockname()[1]

    async def end(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        for transport in tuple(self.open):
            transport.abort()


class _Connection(asyncio.Protocol):
    """Its requests are answered one after the other, by the mood in which they come."""

    def __init__(self, provider: Moody) -> None:
        self._provider = provider
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._provider.open.add(self._transport)

    def connection_lost(self, error: Exception | None) -> None:
        del error
        self._provider.open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while cut := cut_request(self._buffer):
            self._buffer = cut[1]
            self._provider.asked += 1
            if self._provider.mood == "slow":
                asyncio.get_running_loop().call_later(SLOW_SECONDS, self._say, "well")
            else:
                self._say(self._provider.mood)

    def _say(self, mood: Mood) -> None:
        if not self._transport.is_closing():
            self._transport.write(_SAYS[mood])
