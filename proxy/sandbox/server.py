"""The sandbox as a listening server, and as a process: one JSON line when it is ready, SIGTERM ends it with 0."""

import asyncio
import gc
import json
import os
import signal
import sys
from collections.abc import Callable

from gatewatch.errors import GatewatchError
from proxy.sandbox.connection import Connection
from proxy.sandbox.provider import Options, Provider
from proxy.sandbox.stats import Stats

HOST = "127.0.0.1"


class Sandbox:
    """A sandbox that listens on loopback, in this event loop."""

    def __init__(self, server: asyncio.Server, stats: Stats) -> None:
        self._server = server
        self.stats = stats
        self.port: int = server.sockets[0].getsockname()[1]
        self.url = f"http://{HOST}:{self.port}"

    async def close(self) -> None:
        """Ends every connection and stops listening."""
        self._server.close()
        for connection in self.stats.connections:
            connection.abort()
        await self._server.wait_closed()


async def start(options: Options) -> Sandbox:
    """Listen. Raises GatewatchError where the port is taken."""
    stats = Stats()
    provider = Provider(options, stats)
    loop = asyncio.get_running_loop()
    try:
        server = await loop.create_server(lambda: Connection(provider.answer, stats), HOST, options.port, backlog=1024)
    except OSError as error:
        raise GatewatchError(
            f"the sandbox cannot listen on {HOST}:{options.port}: {error.strerror}",
            "Choose another port with --port N; 0 takes any free one.",
        ) from error
    return Sandbox(server, stats)


def run(options: Options) -> int:
    """Serve until SIGTERM or SIGINT; returns 0."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(options))
    return 0


async def _serve(options: Options) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    sandbox = await start(options)
    gc.freeze()  # what is imported stays: the collector need not look at it
    sys.stdout.write(json.dumps({"event": "ready", "listen": sandbox.url, "pid": os.getpid()}) + "\n")
    sys.stdout.flush()
    await ended.wait()
    await sandbox.close()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # there is none for Windows
        return None
    return uvloop.new_event_loop
