"""The sockets to one provider: kept while idle, made when needed, to checked addresses only."""

import asyncio
import ssl
from collections import deque

from proxy.settings import Deadlines, Provider
from proxy.upstream.address import Origin, resolve
from proxy.upstream.connection import Connection
from proxy.upstream.exchange import Exchange
from proxy.upstream.failure import UpstreamFailed

IDLE_SECONDS = 15.0
KEPT_WARM_SECONDS = 10.0
"""A spare socket is made anew before it is too old to be used."""
SECONDS_AFTER_FAILURE = (15.0, 300.0)
"""Before a spare socket is tried for again where none could be made: at first, at most."""
IDLE_SECONDS_PRIVATE = 3.0
"""Local servers (uvicorn: vLLM and others) close an idle socket after 5 s; a request sent into that close is lost."""


class Pool:
    """All sockets to one origin of a provider."""

    def __init__(self, provider: Provider, base_url: str) -> None:
        """Raises ValueError where the base URL is none."""
        self.provider = provider
        self.origin = Origin(base_url)
        self._idle: deque[Connection] = deque()
        self._all: set[Connection] = set()
        self._idle_seconds = IDLE_SECONDS_PRIVATE if provider.allow_private else IDLE_SECONDS
        self._closed = False
        self._warming: asyncio.Task[None] | None = None
        self._warm_after = 0.0
        self._pause = 0.0
        self._tls = ssl.create_default_context() if self.origin.tls else None
        self._loop = asyncio.get_running_loop()

    async def send(self, exchange: Exchange, head: bytes, body: bytes, deadlines: Deadlines) -> None:
        """Send one request on a kept or a new socket. Raises UpstreamFailed, `sent` False."""
        if exchange.failure:
            raise exchange.failure
        connection = self._take_idle()
        if connection is None:
            connection = await self._connect(exchange, deadlines)
            if exchange.failure:  # it was aborted in the tick in which the socket was there
                connection.close()
                raise exchange.failure
            if not connection.usable:
                raise self._failed("upstream_unreachable", "the upstream closed the connection, or spoke first")
        connection.send(exchange, head, body)

    def give_back(self, connection: Connection) -> None:
        if self._closed:
            connection.close()
            return
        connection.idle_since = self._loop.time()
        self._idle.append(connection)

    def forget(self, connection: Connection) -> None:
        self._all.discard(connection)

    def close_idle(self) -> None:
        """Close sockets that have been idle too long. To be called about once a second."""
        oldest = self._loop.time() - self._idle_seconds
        while self._idle and self._idle[0].idle_since < oldest:
            self._idle.popleft().close()

    def keep_warm(self, seconds: float) -> None:
        """See to it that a fresh socket is there: a call that comes then waits for no handshake.

        `seconds`: for a connection. To be called about once a second. Only TLS is worth it: elsewhere a connection
        costs one round trip.
        """
        if self._tls is None or self._closed or self._warming or self._loop.time() < self._warm_after:
            return
        while self._idle and not self._idle[-1].usable:  # the provider has closed it
            self._idle.pop().close()
        freshest = self._idle[-1].idle_since if self._idle else 0.0
        if freshest < self._loop.time() - KEPT_WARM_SECONDS:
            self._warming = self._loop.create_task(self._warm(seconds))

    async def _warm(self, seconds: float) -> None:
        first, longest = SECONDS_AFTER_FAILURE
        try:
            async with asyncio.timeout(seconds):
                connection = await self._dial(seconds)
            self._pause = 0.0
            self.give_back(connection)
        except OSError:  # nobody waits for it; a call that needs it will be told what is wrong
            self._pause = min(longest, max(first, self._pause * 2))
            self._warm_after = self._loop.time() + self._pause
        finally:
            self._warming = None

    def close(self) -> None:
        """Close every idle socket now; sockets in use close when their exchange ends."""
        self._closed = True
        if self._warming:
            self._warming.cancel()
        while self._idle:
            self._idle.popleft().close()

    def _take_idle(self) -> Connection | None:
        oldest = self._loop.time() - self._idle_seconds
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and connection.idle_since >= oldest:
                return connection
            connection.close()
        return None

    async def _connect(self, exchange: Exchange, deadlines: Deadlines) -> Connection:
        started = self._loop.time()
        task = asyncio.ensure_future(self._dial(deadlines.connect))
        exchange.connecting(task)
        try:
            async with asyncio.timeout(min(deadlines.connect, exchange.seconds_left())):
                connection = await task
        except TimeoutError:
            task.add_done_callback(_close_unused)
            raise self._failed("upstream_timeout", f"no connection within {deadlines.connect:g} s") from None
        except asyncio.CancelledError:
            task.add_done_callback(_close_unused)
            if exchange.failure:
                raise exchange.failure from None
            raise
        except ssl.SSLError as error:
            raise self._failed("upstream_tls", f"TLS failed: {error.reason or error}") from error
        except OSError as error:
            raise self._failed("upstream_unreachable", f"cannot connect: {error}") from error
        exchange.connect_us = int((self._loop.time() - started) * 1e6)
        return connection

    async def _dial(self, seconds: float) -> Connection:
        """Each address but the last gets an equal share of the time: a dead IPv6 path leaves enough for IPv4."""
        addresses = await resolve(self.origin, self.provider.allow_private)
        last: OSError = OSError(f"{self.origin.host} has no address")
        for address in addresses:
            share = None if address == addresses[-1] else seconds / len(addresses)
            try:
                async with asyncio.timeout(share):
                    _, connection = await self._loop.create_connection(
                        lambda: Connection(self),
                        address,
                        self.origin.port,
                        ssl=self._tls,
                        server_hostname=self.origin.host if self._tls else None,
                    )
            except ssl.SSLError:
                raise
            except OSError as error:
                last = error
                continue
            self._all.add(connection)
            return connection
        raise last

    def _failed(self, kind: str, message: str) -> UpstreamFailed:
        return UpstreamFailed(kind, f"{self.provider.name}: {message}", sent=False)  # type: ignore[arg-type]


def _close_unused(dialled: "asyncio.Task[Connection]") -> None:
    """A socket that was there in the tick in which nobody wanted it any more."""
    if not dialled.cancelled() and not dialled.exception():
        dialled.result().close()
