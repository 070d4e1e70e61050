"""One request of a client on its way through the worker, and the only place that answers it."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from gatewatch.call import Attempt, Call
from gatewatch.ids import new_call_id
from proxy.upstream.exchange import Exchange

if TYPE_CHECKING:
    from proxy.worker.relay_stream import StreamTap

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class Inbound:
    """Holds what the stages learn: the call's record, its attempts, the exchange under way.

    When the client goes away, the exchange is aborted in the same tick.
    """

    __slots__ = (
        "_receive",
        "_send",
        "attempts",
        "body",
        "call",
        "connection",
        "endpoint",
        "exchange",
        "gone",
        "headers",
        "journalled",
        "responding",
        "scope",
        "started_ns",
        "tap",
        "upstream_ns",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, endpoint: str) -> None:
        self.started_ns = time.perf_counter_ns()
        self.scope = scope
        self._receive = receive
        self._send = send
        self.endpoint = endpoint
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.body: dict[str, Any] = {}
        self.call = Call(
            call_id=new_call_id(),
            started_at=time.time_ns() // 1000,
            endpoint=endpoint,
            source=scope["client"][0] if scope["client"] else None,
        )
        self.attempts: list[Attempt] = []
        self.exchange: Exchange | None = None
        self.upstream_ns = 0
        self.tap: StreamTap | None = None
        self.gone = False
        self.responding = False
        self.journalled = False
        """Whether an `open` record stands in the journal."""
        self.connection = scope.get("gatewatch.connection")
        if self.connection is not None:
            self.connection.on_disconnect = self.client_left

    def client_left(self) -> None:
        self.gone = True
        if self.exchange:
            self.exchange.abort("client_closed", "the client closed the connection")

    async def receive(self) -> MutableMapping[str, Any]:
        return await self._receive()

    async def reply(self, status: int, headers: Headers, body: bytes) -> None:
        """A whole answer."""
        self.responding = True
        if self.connection is not None and self.connection.reply(status, headers, body):
            return
        await self.start(status, [*headers, (b"content-length", b"%d" % len(body))])
        await self.write(body, more=False)

    async def start(self, status: int, headers: Headers) -> None:
        self.responding = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, data: bytes, more: bool = True) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": more})

    def cut(self) -> None:
        """End the connection uncleanly: the client must not take what it has for a whole reply."""
        if self.connection is not None:
            self.connection.transport.abort()

    def elapsed_us(self) -> int:
        return (time.perf_counter_ns() - self.started_ns) // 1000

    def done(self) -> None:
        if self.connection is not None:
            self.connection.on_disconnect = None
