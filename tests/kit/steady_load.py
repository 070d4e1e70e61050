"""Calls at a steady pace, some of them streams that last, while a test does something to the gateway."""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from tests.kit.raw_http import RawReply, ask, request

STREAM_EVERY = 5
"""Each so many calls one is a stream, of about a second."""


class Told(NamedTuple):
    """What one call was told; `begun` and `ended` by the monotonic clock."""

    begun: float
    ended: float
    secret: str
    stream: bool
    reply: RawReply | None
    """None: the connection failed."""

    @property
    def is_whole(self) -> bool:
        """A good reply to its end."""
        if self.reply is None or self.reply.status != 200:
            return False
        if not self.stream:
            return self.reply.ended == "length" and bool(self.reply.json["choices"])
        return self.reply.ended == "chunks" and self.reply.frames[-1] == b"data: [DONE]"


class SteadyLoad:
    """`rate` calls a second with whatever secret is the one to use at that moment; a context manager."""

    def __init__(self, port: int, secret: Callable[[], str], rate: int = 200) -> None:
        self.told: list[Told] = []
        self._port = port
        self._secret = secret
        self._rate = rate
        self._calls: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "SteadyLoad":
        self._loop = asyncio.get_running_loop()
        self._began, self._sent = self._loop.time(), 0
        self._send_what_is_due()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._timer.cancel()
        await asyncio.gather(*self._calls)

    def _send_what_is_due(self) -> None:
        due = int((self._loop.time() - self._began) * self._rate)
        for number in range(self._sent, due):
            call = asyncio.create_task(self._call(stream=number % STREAM_EVERY == 0))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
        self._sent = due
        self._timer = self._loop.call_later(1 / self._rate, self._send_what_is_due)

    async def _call(self, *, stream: bool) -> None:
        secret = self._secret()
        body = {"model": "chat", "messages": [{"role": "user", "content": "hi"}], "stream": stream}
        headers = {"Authorization": f"Bearer {secret}"}
        if stream:
            headers |= {"x-sandbox-chunks": "20", "x-sandbox-chunk-gap-ms": "50"}
        begun = time.monotonic()
        reply: RawReply | None = None
        with suppress(OSError):
            reply = await ask(self._port, request("POST", "/v1/chat/completions", json.dumps(body).encode(), headers))
        self.told.append(Told(begun, time.monotonic(), secret, stream, reply))
