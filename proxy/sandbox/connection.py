"""One client's connection: parses requests, answers them in order, notices when the client goes away.

Pipelined requests wait in line; while a reply is on its way, or the client leaves replies unread, reading stops at a
bounded number of them. A body beyond the cap is counted but not kept.
"""

import asyncio
import sys
import traceback
from collections import deque
from collections.abc import Callable, Coroutine
from socket import socket
from typing import Any, cast

import httptools

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.demands import PREFIX
from proxy.sandbox.exchange import Exchange, Reply, Request
from proxy.sandbox.stats import Stats

BODY_CAP = 64 * 1024 * 1024
HEAD_CAP = 64 * 1024
LINE_CAP = 64

_PREFIX = PREFIX.encode()


class Connection(asyncio.Protocol):
    """A protocol of asyncio; `answer` decides what is said."""

    def __init__(self, answer: Callable[[Exchange], Reply], stats: Stats) -> None:
        self.loop = asyncio.get_running_loop()
        self._answer = answer
        self._stats = stats
        self._parser = httptools.HttpRequestParser(self)
        self._line: deque[Request] = deque()
        self._current: Exchange | None = None
        self._task: asyncio.Task[None] | None = None
        self._unread = False
        self._drained: asyncio.Future[None] | None = None
        self._reading = True
        self._head_bytes = 0
        self._in_body = False

    # the transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.number = self._stats.opened(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._stats.closed(self)
        self._line.clear()
        if self._task is not None:
            if self._current is not None and not self._current.hung_up:
                self._stats.cancelled(self._current, self.loop.time())
            self._task.cancel()

    def eof_received(self) -> None:
        if self._current is not None:
            self._transport.abort()

    def pause_writing(self) -> None:
        self._unread = True

    def resume_writing(self) -> None:
        self._unread = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._next()

    def data_received(self, data: bytes) -> None:
        if not self._in_body:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return  # answered as if it had not asked for another protocol, and closed
        except httptools.HttpParserError:
            self._refuse(b"400 Bad Request")
        else:
            if not self._in_body and self._head_bytes > HEAD_CAP:
                self._refuse(b"431 Request Header Fields Too Large")
        self._look_at_the_line()

    # the parser's side

    def on_message_begin(self) -> None:
        self._request = Request()
        self._body: list[bytes] = []
        self._expects = False

    def on_url(self, url: bytes) -> None:
        self._request.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        self._request.headers.append((name, value))
        if name.startswith(_PREFIX):
            self._request.controls[name[len(_PREFIX) :].decode("latin-1")] = value.decode("utf-8", "replace")
        elif name == b"expect":
            self._expects = True

    def on_headers_complete(self) -> None:
        self._in_body = True
        self._head_bytes = 0
        if self._expects and self._current is None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._request.size += len(body)
        if self._request.size <= BODY_CAP:
            self._body.append(body)
        else:
            self._body.clear()

    def on_message_complete(self) -> None:
        request = self._request
        request.method = self._parser.get_method().decode("latin-1")
        request.keep_alive = self._parser.should_keep_alive() and not self._parser.should_upgrade()
        request.chunks_allowed = self._parser.get_http_version() == "1.1"
        request.body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._in_body = False
        self._line.append(request)
        self._next()

    # what is said

    def _next(self) -> None:
        while self._line and self._current is None and not self._unread and not self._transport.is_closing():
            exchange = Exchange(self, self._line.popleft())
            self._stats.arrived(exchange, self.number)
            reply = self._reply(exchange)
            if isinstance(reply, bytes):
                self._transport.write(reply)
                if not exchange.request.keep_alive:
                    self._transport.close()
            else:
                self._current = exchange
                self._task = self.loop.create_task(self._play(exchange, reply))
        self._look_at_the_line()

    def _reply(self, exchange: Exchange) -> Reply:
        try:
            if exchange.request.size > BODY_CAP:
                raise ApiError(413, f"The body is larger than {BODY_CAP} bytes.", code="request_too_large")
            return self._answer(exchange)
        except ApiError as error:
            return exchange.refusal(error)
        except Exception:  # noqa: BLE001 - our defect: say it where the operator looks, and answer
            traceback.print_exc(file=sys.stderr)
            return exchange.refusal(ApiError(500, "The sandbox itself failed."))

    async def _play(self, exchange: Exchange, reply: Coroutine[Any, Any, None]) -> None:
        try:
            await reply
        except ApiError as error:
            exchange.write(exchange.refusal(error))
        except Exception:  # noqa: BLE001 - our defect: say it, and let the client see a broken connection
            traceback.print_exc(file=sys.stderr)
            self._transport.abort()
        self._current = self._task = None
        if not exchange.keeps_alive:
            self._transport.close()
        self._next()

    def _refuse(self, status: bytes) -> None:
        """Not HTTP as we speak it: say so if nothing else is being said, and end the connection."""
        if self._current is None and not self._transport.is_closing():
            self._transport.write(b"HTTP/1.1 %b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
        self._line.clear()
        self._transport.close()

    def _look_at_the_line(self) -> None:
        full = len(self._line) > LINE_CAP
        if full == self._reading and not self._transport.is_closing():
            self._reading = not full
            if full:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    # for the exchange

    @property
    def socket(self) -> socket:
        return cast(socket, self._transport.get_extra_info("socket"))

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    async def writable(self) -> None:
        while self._unread:
            self._drained = self.loop.create_future()
            await self._drained

    def close(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()
