"""One socket to one upstream: writes a request, parses the reply with llhttp, feeds one exchange at a time."""

import asyncio
from typing import TYPE_CHECKING, cast

import httptools

from proxy.upstream.exchange import Exchange

if TYPE_CHECKING:
    from proxy.upstream.pool import Pool

HEADER_BYTES = 64 * 1024


class Connection(asyncio.Protocol):
    """Returned to its pool after a whole reply that allows it; otherwise closed."""

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[bytes, bytes] = {}
        self._header_bytes = 0
        self._got_on = False
        self._unparsed = 0
        """Bytes of reads in which nothing was completed: llhttp's wrapper tells of a header when it is whole."""
        self._until_eof = False
        self._keep_alive = False
        self._paused = False
        self.idle_since = 0.0

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def send(self, exchange: Exchange, head: bytes, body: bytes) -> None:
        """Write one request. The reply, or the failure, goes to the exchange."""
        assert self._transport is not None
        assert self._exchange is None
        self._exchange = exchange
        self._transport.write(head + body)
        exchange.request_sent(self)

    def exchange_ended(self, reusable: bool) -> None:
        self._exchange = None
        if self._paused:
            self.resume()
        if reusable and self._keep_alive and self.usable:
            self._pool.give_back(self)
        else:
            self.close()

    def close(self) -> None:
        if self._transport:
            self._transport.abort()

    def pause(self) -> None:
        if self._transport and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._transport and self._paused:
            self._paused = False
            self._transport.resume_reading()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._exchange is None:  # unasked bytes on an idle socket
            self.close()
            return
        self._exchange.arrived()
        self._got_on = False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail("upstream_invalid", "the upstream switched protocols")
        except httptools.HttpParserError as error:
            self._fail("upstream_invalid", f"the reply is not HTTP: {error}")
        if self._got_on:
            self._unparsed = 0
        else:
            self._unparsed += len(data)
            if self._unparsed > HEADER_BYTES:
                self._fail_headers()

    def eof_received(self) -> None:
        if self._exchange and self._until_eof:
            self._keep_alive = False
            self._exchange.finish()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._pool.forget(self)
        if not self._exchange:
            return
        if self._until_eof and error is None:
            self._exchange.finish()
        elif self._exchange.status:
            self._fail("upstream_truncated", f"the upstream closed the connection within its reply{_because(error)}")
        else:
            self._fail("upstream_unreachable", f"the upstream closed the connection without a reply{_because(error)}")

    # httptools callbacks

    def on_message_begin(self) -> None:
        if self._exchange is None:  # a second reply behind the one that was asked for
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > HEADER_BYTES:
            self._fail_headers()
            return
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self._got_on = True
        status = self._parser.get_status_code()
        headers, self._headers, self._header_bytes = self._headers, {}, 0
        if status < 200 or self._exchange is None:
            return
        self._keep_alive = self._parser.should_keep_alive()
        self._until_eof = (
            b"content-length" not in headers and b"transfer-encoding" not in headers and status not in (204, 304)
        )
        self._exchange.started(status, headers)

    def on_body(self, body: bytes) -> None:
        self._got_on = True
        if self._exchange:
            self._exchange.feed(body)

    def on_message_complete(self) -> None:
        self._got_on = True
        if self._exchange and self._exchange.status:
            self._exchange.finish()

    def _fail_headers(self) -> None:
        self._fail("upstream_invalid", f"the reply's headers exceed {HEADER_BYTES} bytes")

    def _fail(self, kind: str, message: str) -> None:
        if self._exchange:
            self._exchange.fail(kind, message)  # type: ignore[arg-type]
        else:
            self.close()


def _because(error: Exception | None) -> str:
    return f" ({error})" if error and str(error) else ""
