"""Accepts connections on a socket until told to drain."""

import asyncio
import socket
import ssl

from proxy.http_server.bounds import Bounds
from proxy.http_server.connection import App, ClientConnection
from proxy.periodic import periodically

SWEEP_SECONDS = 0.5
BACKLOG = 2048


class HttpServer:
    """One listening socket, one application."""

    def __init__(self, app: App, bounds: Bounds, tls: tuple[str, str] | ssl.SSLContext | None = None) -> None:
        """`tls`: paths of certificate chain and key, or all of it."""
        self._app = app
        self._bounds = bounds
        self._tls = tls

    async def start(self, listening: socket.socket) -> None:
        """Take connections from now on. Raises OSError, ssl.SSLError."""
        loop = asyncio.get_running_loop()
        context = self._tls if isinstance(self._tls, ssl.SSLContext) else None
        if isinstance(self._tls, tuple):
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(*self._tls)
        create = loop.create_unix_server if listening.family == socket.AF_UNIX else loop.create_server
        self._server = await create(
            lambda: ClientConnection(self._app, self._bounds, loop),
            sock=listening,
            ssl=context,
            ssl_handshake_timeout=self._bounds.caps.header_seconds if context else None,
            backlog=BACKLOG,
        )
        self._listening = listening
        self._sweeping = asyncio.create_task(periodically(SWEEP_SECONDS, lambda: self._bounds.sweep(loop.time())))

    async def drain(self, seconds: float) -> bool:
        """Take nothing new; wait until every request is answered. False where some are not within `seconds`."""
        self._bounds.draining = True
        self._server.close()
        self._listening.close()
        for connection in list(self._bounds.open):
            connection.close_when_answered()
        self._bounds.emptied.clear()
        try:
            async with asyncio.timeout(seconds):
                if self._bounds.open:
                    await self._bounds.emptied.wait()
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Cut what is left."""
        self._sweeping.cancel()
        for connection in list(self._bounds.open):
            connection.abort()
