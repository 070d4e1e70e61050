"""What all connections of one server share: caps, allowed hosts, counts per source, and the sweep of deadlines."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from proxy.settings import Caps

if TYPE_CHECKING:
    from proxy.http_server.connection import ClientConnection


class Bounds:
    """`hosts` None: any Host is served (unix sockets)."""

    def __init__(self, caps: Caps, hosts: tuple[str, ...] | None) -> None:
        self.configure(caps, hosts)
        self.per_source: Counter[str] = Counter()
        self.open: set[ClientConnection] = set()
        self.draining = False
        self.emptied = asyncio.Event()
        """Set when the last connection has ended."""
        self.rejected: Callable[[str, str], None] = lambda _source, _kind: None
        """Told of every refusal that never became a request: source and kind."""
        self.admits: Callable[[asyncio.BaseTransport], bool] = lambda _transport: True
        """Whether a peer is served at all; others are cut off without a word."""

    def configure(self, caps: Caps, hosts: tuple[str, ...] | None) -> None:
        self.caps = caps
        self.hosts = None if hosts is None else frozenset(host.encode() for host in hosts)

    def sweep(self, now: float) -> None:
        """Close connections whose deadline has passed. To be called about twice a second."""
        for connection in [c for c in self.open if c.due and now > c.due]:
            connection.overdue()

    def added(self, connection: "ClientConnection") -> str | None:
        """Count a new connection; says why where there are too many."""
        self.open.add(connection)
        self.per_source[connection.source] += 1
        if len(self.open) > self.caps.connections:
            return "The gateway has too many connections."
        if self.per_source[connection.source] > self.caps.connections_per_source:
            return "There are too many connections from this address."
        return None

    def removed(self, connection: "ClientConnection") -> None:
        self.open.discard(connection)
        self.per_source[connection.source] -= 1
        if not self.per_source[connection.source]:
            del self.per_source[connection.source]
        if not self.open:
            self.emptied.set()
