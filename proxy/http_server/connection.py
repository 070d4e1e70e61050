"""One client connection: parses requests with llhttp, hands them on one at a time, writes their answers.

Keeps true: headers, body and the client's reading have deadlines; a request that cannot be framed without doubt is
answered and the connection closed; requests on one connection are answered in order; nothing is read ahead of a
request that is not answered yet beyond one read.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import cast

import httptools

from proxy.http_server.bounds import Bounds
from proxy.http_server.head import check_head
from proxy.http_server.request import Headers, Request
from proxy.refusal import Refusal, error_body

_STATUS_LINES = {int(status): f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_STATUS_LINES[529] = b"HTTP/1.1 529 Overloaded\r\n"  # Anthropic's own

LINGER_SECONDS = 5.0
"""How long what a refused client still sends is dropped."""

log = logging.getLogger("gatewatch.http")

App = Callable[[Request], Awaitable[None]]


class ClientConnection(asyncio.Protocol):
    """Made by the loop's server for each accepted socket."""

    def __init__(self, app: App, bounds: Bounds, loop: asyncio.AbstractEventLoop) -> None:
        self._app = app
        self._bounds = bounds
        self._loop = loop
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._request: Request | None = None
        """The one being parsed, or parsed last."""
        self._waiting: deque[Request] = deque()
        """Pipelined requests behind the one being answered."""
        self._answering: Request | None = None
        self._target = b""
        self._headers: dict[bytes, bytes] = {}
        self._repeated: set[bytes] = set()
        self._head_bytes = self._head_count = 0
        self._in_head = False
        """Whether a request's first byte is here and the end of its head is not."""
        self._got_on = False
        self._unparsed = 0
        """Bytes of reads in which nothing was completed: llhttp's wrapper tells of a header when it is whole."""
        self._deaf = False
        self._chunked = False
        self._closing = False
        self._drained: asyncio.Future[None] | None = None
        self._reading = True
        self._task: asyncio.Task[None] | None = None
        self.source = "local"
        self._unsent = 0
        self.due = 0.0
        """Loop time at which the current phase is overdue; 0: no deadline."""
        self.writing_paused = False

    @property
    def idle(self) -> bool:
        return self._answering is None

    # asyncio.Protocol

    @property
    def transport(self) -> asyncio.Transport:
        return self._transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        if isinstance(peer, tuple):
            self.source = peer[0]
        too_many = self._bounds.added(self)
        if not self._bounds.admits(transport):
            self.abort()
        elif too_many:
            self._refuse(Refusal(503, "overloaded", too_many, type="server_error"), lingering=False)
        else:
            self.due = self._loop.time() + self._bounds.caps.header_seconds

    def connection_lost(self, error: Exception | None) -> None:
        del error
        self._closing = True
        self.due = 0.0
        self._bounds.removed(self)
        self.resume_writing()
        if self._answering:
            self._answering.client_left()
        self._waiting.clear()
        del self._parser  # it knows us: without this a closed connection lives on until the garbage collector comes
        self._request = None

    def data_received(self, data: bytes) -> None:
        if self._closing or self._deaf:
            return
        self._got_on = False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            if not isinstance(error.__context__, Refusal):
                raise
            self._refuse(error.__context__)
        except httptools.HttpParserError:
            if self._request and self._request.whole and not self._request.keep_alive:
                self._deaf = True  # behind its last request a client may say what it likes
            else:
                self._refuse(Refusal(400, "invalid_http", "The request is not valid HTTP/1.1."))
        if self._got_on:
            self._unparsed = 0
        else:
            self._unparsed += len(data)
            if self._unparsed > self._bounds.caps.header_bytes + self._bounds.caps.url_bytes:
                self._refuse(_headers_too_large())

    def pause_writing(self) -> None:
        self.writing_paused = True
        self._unsent = self._transport.get_write_buffer_size()
        self.due = self._loop.time() + self._bounds.caps.write_seconds

    def resume_writing(self) -> None:
        self.writing_paused = False
        if not self._closing:
            self.due = 0.0 if self._answering else self._next_due()
        self.look_again()

    # httptools callbacks

    def on_message_begin(self) -> None:
        self._target = b""
        self._headers = {}
        self._repeated = set()
        self._head_bytes = self._head_count = 0
        self._in_head = True
        if self._answering is None and not self.writing_paused:
            self.due = self._loop.time() + self._bounds.caps.header_seconds

    def on_url(self, url: bytes) -> None:
        self._target += url
        if len(self._target) > self._bounds.caps.url_bytes:
            raise Refusal(414, "uri_too_long", "The request target is too long.")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        self._head_count += 1
        caps = self._bounds.caps
        if self._head_bytes > caps.header_bytes or self._head_count > caps.header_count:
            raise _headers_too_large()
        name = name.lower()
        if name in self._headers:
            self._repeated.add(name)
        self._headers[name] = value

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._got_on = True
        if self._parser.should_upgrade():
            raise Refusal(400, "invalid_request", "Upgrades are not served.")
        version = self._parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise Refusal(400, "invalid_http", "Only HTTP/1.1 is served.")
        request = self._request = Request(self)
        request.method = self._parser.get_method().decode("ascii")
        request.refusal = check_head(self._target, self._headers, self._repeated, self._bounds)
        path, _, query = self._target.partition(b"?")
        request.path, request.query = path.decode("ascii", "replace"), query.decode("ascii", "replace")
        request.headers = self._headers
        self._headers = {}  # for the trailers: they are not wanted
        request.http10 = version == "1.0"
        request.keep_alive = self._parser.should_keep_alive() and not request.http10 and not self._bounds.draining
        if self._answering is None:
            self._answer(request)
        else:
            self._waiting.append(request)
            self._read(False)

    def on_body(self, body: bytes) -> None:
        self._got_on = True
        request = self._request
        if request and not request.answered and request.fed(body) > self._bounds.caps.body_bytes:
            self._read(False)

    def on_message_complete(self) -> None:
        self._got_on = True
        if self._request:
            self._request.completed()
            if self._request is self._answering and not self.writing_paused:
                self.due = 0.0

    # answering

    def _answer(self, request: Request) -> None:
        self._answering = request
        self._chunked = False
        self.due = self._loop.time() + self._bounds.caps.body_seconds
        self._task = self._loop.create_task(self._run(request))

    async def _run(self, request: Request) -> None:
        try:
            await self._app(request)
        except Exception:
            log.exception("a request failed inside the gateway")
            if not request.started and not self._closing:
                body = error_body("The gateway failed.", "server_error", None, "internal_error")
                request.keep_alive = False
                self.reply(request, 500, [(b"content-type", b"application/json")], body)
        finally:
            if not request.answered and not request.gone:
                self.abort()
            if self._closing:
                self._answering = self._task = None

    def wants_body(self, request: Request) -> None:
        """The body is waited for: tell a client that asked first, and go on reading."""
        if self._closing or request.http10:
            return
        if request.headers.get(b"expect", b"").lower() == b"100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def reply(self, request: Request, status: int, headers: Headers, body: bytes) -> None:
        if not self._closing:
            parts = self._head(request, status, headers)
            parts.append(b"content-length: %d\r\n\r\n" % len(body))
            if request.method != "HEAD":
                parts.append(body)
            self._transport.write(b"".join(parts))
        self._answered(request)

    def start(self, request: Request, status: int, headers: Headers) -> None:
        if self._closing:
            return
        has_length = any(name == b"content-length" for name, _ in headers)
        self._chunked = not has_length and not request.http10
        parts = self._head(request, status, headers)
        parts.append(b"transfer-encoding: chunked\r\n\r\n" if self._chunked else b"\r\n")
        self._transport.write(b"".join(parts))

    def write(self, data: bytes) -> None:
        if data and not self._closing:
            self._send(b"%x\r\n%s\r\n" % (len(data), data) if self._chunked else data)

    def finish(self, request: Request, data: bytes) -> None:
        if not self._closing:
            if self._chunked:
                end = b"0\r\n\r\n"
                self._send(b"%x\r\n%s\r\n%s" % (len(data), data, end) if data else end)
            elif data:
                self._send(data)
        self._answered(request)

    async def drained(self, hurried: Callable[[], bool] = bool) -> None:
        """Wait until the client has read enough, or is gone; or `hurried`, which `look_again` has asked anew."""
        while self.writing_paused and not hurried():
            self._drained = self._loop.create_future()
            await self._drained

    def look_again(self) -> None:
        """Whoever waits for the client may have no reason to any more."""
        if self._drained and not self._drained.done():
            self._drained.set_result(None)

    def abort(self) -> None:
        self._closing = True
        self._transport.abort()

    def close_when_answered(self) -> None:
        """Close now where nothing is being answered, else with the answer."""
        if self._answering is None:
            self._close()
        else:
            self._answering.keep_alive = False

    def overdue(self) -> None:
        """The phase's deadline has passed."""
        request = self._answering
        if self.writing_paused and (unsent := self._transport.get_write_buffer_size()) < self._unsent:
            self._unsent = unsent  # the client reads, if slowly
            self.due = self._loop.time() + self._bounds.caps.write_seconds
        elif self._closing or self.writing_paused or (request and request.started):
            self.abort()
        elif request is None and not self._in_head:
            self._close()
        else:
            self._refuse(Refusal(408, "request_timeout", "The request did not arrive in time."))

    # inside

    def _send(self, data: bytes) -> None:
        if self.writing_paused:
            self._unsent += len(data)  # what is added now says nothing of what the client has read
        self._transport.write(data)

    def _head(self, request: Request, status: int, headers: Headers) -> list[bytes]:
        request.started = True
        if not request.whole:
            request.keep_alive = False  # the rest of its body is not wanted
        parts = [_STATUS_LINES[status]]
        for name, value in headers:
            parts += (name, b": ", value, b"\r\n")
        if not request.keep_alive:
            parts.append(b"connection: close\r\n")
        return parts

    def _answered(self, request: Request) -> None:
        request.answered = True
        self._answering = None
        if self._closing:
            return
        if not request.keep_alive:
            self._close(lingering=not request.whole)
            return
        if self._waiting:
            following = self._waiting.popleft()
            self._answer(following)
            if following.whole:
                self.due = 0.0
        elif not self.writing_paused:
            self.due = self._next_due()
        if not self._waiting:
            self._read(True)

    def _refuse(self, refusal: Refusal, lingering: bool = True) -> None:
        """Answer what cannot become a request, and close."""
        if self._closing:
            return
        self._bounds.rejected(self.source, refusal.code)
        answering = self._answering
        if answering and not answering.started:
            answering.client_left()  # this refusal is its answer: nothing more may be bought for it
        if answering is None or not answering.started:
            body = error_body(refusal.message, refusal.type, None, refusal.code)
            self._transport.write(
                b"%scontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s"
                % (_STATUS_LINES[refusal.status], len(body), body)
            )
        self._close(lingering)

    def _close(self, lingering: bool = False) -> None:
        """Close behind what was written, or after a while without it.

        Lingering: the client is still sending. A close with unread bytes is a reset, which may overtake our answer, so
        we say that there is no more from us and drop what comes until the client closes.
        """
        if lingering and self._transport.can_write_eof():
            self._read(True)
            self._transport.write_eof()
            self.due = self._loop.time() + LINGER_SECONDS
        else:
            self._transport.close()
            self.due = self._loop.time() + self._bounds.caps.write_seconds
        self._closing = True

    def _next_due(self) -> float:
        """Until when the next request must have begun, or its head be whole."""
        caps = self._bounds.caps
        return self._loop.time() + (caps.header_seconds if self._in_head else caps.keep_alive_seconds)

    def _read(self, on: bool) -> None:
        if on == self._reading or self._closing:
            return
        self._reading = on
        if on:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()


def _headers_too_large() -> Refusal:
    return Refusal(431, "headers_too_large", "The request headers are too large or too many.")
