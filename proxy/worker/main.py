"""One worker process: settings from stdin, a listening socket by inheritance, a journal of its own.

Keeps true: it needs the control process neither to serve nor to journal; SIGTERM drains and ends it.
"""

import asyncio
import gc
import logging
import signal
import socket
import sys
from pathlib import Path

import msgspec
import uvicorn
import uvloop

from gatewatch import __version__
from gatewatch.control.key_table import KeyTable
from gatewatch.journal.writer import Journal
from gatewatch.paths import Home
from proxy.settings import Settings
from proxy.worker.control_link import ControlLink
from proxy.worker.gateway import Gateway
from proxy.worker.http_protocol import Bounds, GuardedProtocol
from proxy.worker.settle import Meter

DRAIN_SECONDS = 25.0
SWEEP_SECONDS = 0.5
AGENT = f"gatewatch/{__version__}"


class WorkerServer(uvicorn.Server):
    """uvicorn's server, with a drain that ends calls by an error event instead of a cut."""

    def __init__(self, config: uvicorn.Config, gateway: Gateway) -> None:
        super().__init__(config)
        self._gateway = gateway
        self.serving = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.serving.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._gateway.draining = True
        asyncio.get_running_loop().call_later(DRAIN_SECONDS, self._gateway.stop_calls)
        await super().shutdown(sockets)


def main(listen_fd: int) -> int:
    """Serve until SIGTERM; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s worker %(process)d %(levelname)s %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the control process passes on what the terminal says
    settings = msgspec.json.decode(sys.stdin.buffer.read(), type=Settings)
    listening = socket.socket(fileno=listen_fd)
    uvloop.run(serve(settings, listening))
    return 0


async def serve(settings: Settings, listening: socket.socket) -> None:
    """One worker's life on a running loop."""
    home = Home(Path(settings.home))
    keys = KeyTable(home.control, bytes.fromhex(settings.pepper))
    journal = Journal(home.journal)
    gateway = Gateway(settings, keys, journal, Meter(home.control), AGENT)
    bounds = Bounds(settings.caps, settings.hosts)
    bounds.rejected = gateway.rejected
    server = WorkerServer(uvicorn_config(gateway, bounds, settings.tls), gateway)
    link = ControlLink(home.worker_socket, listening, gateway, bounds)
    gc.set_threshold(20_000, 20, 100)  # calls leave no cycles behind; the default threshold of 700 costs 2 % of a call
    gc.collect()
    gc.freeze()  # what lives as long as the process is no longer walked
    tasks = [
        asyncio.create_task(sweep(bounds)),
        asyncio.create_task(tick(gateway)),
        asyncio.create_task(link.run(server, server.serving)),
    ]
    try:
        await server.serve(sockets=[listening])
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        gateway.close()
        journal.stop()


def uvicorn_config(gateway: Gateway, bounds: Bounds, tls: tuple[str, str] | None) -> uvicorn.Config:
    """uvicorn without everything that a gateway must not do: guess proxies, log lines per call, upgrade."""
    protocol = type("WorkerProtocol", (GuardedProtocol,), {"bounds": bounds})
    return uvicorn.Config(
        gateway,
        http=protocol,
        ws="none",
        loop="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=int(bounds.caps.keep_alive_seconds),
        timeout_graceful_shutdown=int(DRAIN_SECONDS + 5),
        ssl_certfile=tls[0] if tls else None,
        ssl_keyfile=tls[1] if tls else None,
    )


async def sweep(bounds: Bounds) -> None:
    """Enforce the deadlines of client connections."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        bounds.sweep(loop.time())


async def tick(gateway: Gateway) -> None:
    """Once a second: space on the disk, counts of refusals, idle sockets."""
    while True:
        await asyncio.sleep(1.0)
        gateway.tick()
