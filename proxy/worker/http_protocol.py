"""uvicorn's httptools protocol with the bounds it lacks (measured cases: docs/promises.md).

Keeps true: one Host from the allow-list; bounded URL, headers and their count; headers, body and client reads have
deadlines; connections are bounded in all and per source; what cannot be framed without doubt is refused and closed.
What is wrong with a whole head is left in the scope as a Refusal: the gateway answers and counts it in one place.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from proxy.refusal import Refusal, bad_request, error_body, too_large
from proxy.settings import Caps

_PLAIN_PATH = re.compile(rb"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*\Z")
_TRICKS = re.compile(rb"(?i)\.\.|//|%2f|%5c|%00|%2e")


class Bounds:
    """What all connections of one worker share."""

    def __init__(self, caps: Caps, hosts: tuple[str, ...]) -> None:
        self.configure(caps, hosts)
        self.per_source: Counter[str] = Counter()
        self.open: set[GuardedProtocol] = set()
        self.rejected: Callable[[str, str], None] = lambda _source, _kind: None

    def configure(self, caps: Caps, hosts: tuple[str, ...]) -> None:
        self.caps = caps
        self.hosts = frozenset(host.encode() for host in hosts)

    def sweep(self, now: float) -> None:
        """Close connections whose deadline has passed. To be called about twice a second."""
        for connection in [c for c in self.open if c.due and now > c.due]:
            connection.overdue()


class GuardedProtocol(HttpToolsProtocol):
    """One client connection."""

    bounds: Bounds  # set on a subclass per worker: uvicorn makes the instances

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.on_disconnect: Callable[[], None] | None = None
        self.due = 0.0
        self._due_status = 408
        self._refused = False
        self._head_bytes = 0
        self._head_count = 0
        self._source = self.client[0] if self.client else "local"
        bounds = self.bounds
        bounds.per_source[self._source] += 1
        bounds.open.add(self)
        if len(bounds.open) > bounds.caps.connections:
            self._refuse_raw(503, "overloaded", "The gateway has too many connections.")
        elif bounds.per_source[self._source] > bounds.caps.connections_per_source:
            self._refuse_raw(503, "overloaded", "There are too many connections from this address.")
        else:
            self.due = self.loop.time() + bounds.caps.header_seconds

    def connection_lost(self, exc: Exception | None) -> None:
        bounds = self.bounds
        bounds.open.discard(self)
        bounds.per_source[self._source] -= 1
        if not bounds.per_source[self._source]:
            del bounds.per_source[self._source]
        self.due = 0.0
        super().connection_lost(exc)
        if self.on_disconnect:
            self.on_disconnect()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__ or error.__cause__
            if not isinstance(cause, Refusal):
                raise
            self._refuse_raw(cause.status, cause.code, cause.message)
        except httptools.HttpParserUpgrade:
            self._refuse_raw(400, "invalid_request", "Upgrades are not served.")
        except httptools.HttpParserError:
            self._refuse_raw(400, "invalid_http", "The request is not valid HTTP/1.1.")

    def whole_body(self) -> bytes | None:
        """The running request's body where all of it is here already: most are."""
        cycle: RequestResponseCycle = self.cycle
        return None if cycle.more_body or cycle.waiting_for_100_continue else bytes(cycle.body)

    def reply(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> bool:
        """Answer the running request with one write; False where ASGI's two messages have to do it.

        One system call and one packet instead of two: 10 % of a plain call's time. The headers are ours, checked
        where they are made; the content length is added here.
        """
        cycle = self.cycle
        if (
            cycle.response_started
            or cycle.disconnected
            or not cycle.keep_alive
            or cycle.scope["method"] == "HEAD"
            or self.flow.write_paused
        ):
            return False
        head = [STATUS_LINE[status]]
        for name, value in headers:
            head += (name, b": ", value, b"\r\n")
        head.append(b"content-length: %d\r\n\r\n" % len(body))
        head.append(body)
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        self.transport.write(b"".join(head))
        cycle.message_event.set()
        cycle.on_response()
        return True

    def overdue(self) -> None:
        """The phase's deadline has passed."""
        if self._due_status == 408 and (self.cycle is None or not self.cycle.response_started):
            self._refuse_raw(408, "request_timeout", "The request did not arrive in time.")
        else:
            self.due = 0.0
            self.transport.abort()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.due = self.loop.time() + self.bounds.caps.write_seconds
        self._due_status = 0

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self._due_status:
            self.due = 0.0

    # parser callbacks

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = self._head_count = 0
        self.due = self.loop.time() + self.bounds.caps.header_seconds
        self._due_status = 408

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self.bounds.caps.url_bytes:
            raise Refusal(414, "uri_too_long", "The request target is too long.")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        self._head_count += 1
        caps = self.bounds.caps
        if self._head_bytes > caps.header_bytes or self._head_count > caps.header_count:
            raise Refusal(431, "headers_too_large", "The request headers are too large or too many.")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        refusal = self._check_head()
        if refusal and refusal.code == "invalid_target":  # uvicorn would fail to parse it
            raise refusal
        extra: dict[str, Any] = self.scope  # type: ignore[assignment]
        extra["gatewatch.connection"] = self
        extra["gatewatch.refusal"] = refusal
        self.due = self.loop.time() + self.bounds.caps.body_seconds
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.due = 0.0
        super().on_message_complete()

    def _check_head(self) -> Refusal | None:
        """The first thing that is wrong with the request's head."""
        hosts = lengths = authorizations = 0
        encodings: list[bytes] = []
        length = b"0"
        host = b""
        for name, value in self.headers:
            if name == b"host":
                hosts += 1
                host = value
            elif name == b"content-length":
                lengths += 1
                length = value
            elif name == b"transfer-encoding":
                encodings.append(value)
            elif name == b"authorization":
                authorizations += 1
            elif name == b"content-encoding" and value.lower() != b"identity":
                return Refusal(415, "unsupported_encoding", "Compressed request bodies are not served.", close=True)
        target = self.url.partition(b"?")[0]
        if not _PLAIN_PATH.match(target):
            return bad_request("invalid_target", "The request target is not a plain path.", close=True)
        if _TRICKS.search(target):
            return bad_request("invalid_path", "The path is not in its plain form.", close=True)
        if hosts != 1:
            return bad_request("invalid_host", "A request needs exactly one Host header.", close=True)
        if _host_name(host) not in self.bounds.hosts:
            return Refusal(421, "unknown_host", "This gateway is not served under that Host.", close=True)
        if lengths > 1 or len(encodings) > 1 or (lengths and encodings):
            return bad_request("invalid_framing", "The length of the body is stated twice.", close=True)
        if encodings and encodings[0].lower() != b"chunked":
            return bad_request("invalid_framing", "Only chunked transfer encoding is served.", close=True)
        if authorizations > 1:
            return bad_request("two_keys", "There is more than one Authorization header.", close=True)
        if int(length) > self.bounds.caps.body_bytes:
            return too_large(self.bounds.caps.body_bytes)
        return None

    def _refuse_raw(self, status: int, code: str, message: str) -> None:
        """Answer on the socket and close it: for what cannot become a request."""
        self._refused = True
        self.due = 0.0
        self.bounds.rejected(self._source, code)
        body = error_body(message, "invalid_request_error" if status < 500 else "server_error", None, code)
        self.transport.write(
            STATUS_LINE[status]
            + b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
            + body
        )
        self.transport.close()


def _host_name(value: bytes) -> bytes:
    """A Host header without its port, lower case."""
    value = value.lower()
    if value.startswith(b"["):
        return value[: value.find(b"]") + 1]
    return value.partition(b":")[0]
