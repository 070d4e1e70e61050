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
from typing import TYPE_CHECKING

import msgspec
import uvloop

from gatewatch import __version__
from gatewatch.control.key_table import KeyTable
from gatewatch.journal.writer import Journal
from gatewatch.limits.memory import MemoryCounters
from gatewatch.paths import Home
from proxy.deferring.runner import Runner
from proxy.http_server.bounds import Bounds
from proxy.http_server.server import HttpServer
from proxy.periodic import periodically
from proxy.settings import Settings
from proxy.worker.allowance import KeyAllowances
from proxy.worker.control_link import ControlLink
from proxy.worker.cutting import LOOK_SECONDS
from proxy.worker.gateway import Gateway
from proxy.worker.settle import Meter
from proxy.worker.streaming.keep_alive import SWEEP_SECONDS

if TYPE_CHECKING:
    from gatewatch.limits.shared.counters import SharedCounters

TICK_SECONDS = 1.0
DRAIN_SECONDS = 25.0
LAST_SECONDS = 5.0
DELIVER_SECONDS = 1.0
"""What the limits store has not confirmed by then, the control process takes from the journal."""
AGENT = f"gatewatch/{__version__}"

log = logging.getLogger("gatewatch.worker")


def main(listen_fd: int) -> int:
    """Serve until SIGTERM; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s worker %(process)d %(levelname)s %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the control process passes on what the terminal says
    settings = msgspec.json.decode(sys.stdin.buffer.read(), type=Settings)
    listening = socket.socket(fileno=listen_fd)
    uvloop.run(serve(settings, listening))
    return 0


def shared_counters(settings: Settings, run: str) -> "SharedCounters | None":
    """Those that workers share, where there is a store for them."""
    if settings.limits_url is None:
        return None
    from gatewatch.limits.shared.address import read_url
    from gatewatch.limits.shared.counters import SharedCounters
    from gatewatch.limits.shared.names import gateway_id

    return SharedCounters(read_url(settings.limits_url), gateway_id(settings.pepper), run)


async def serve(settings: Settings, listening: socket.socket) -> None:
    """One worker's life on a running loop."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    home = Home(Path(settings.home))
    keys = KeyTable(home.control, bytes.fromhex(settings.pepper))
    journal = Journal(home.journal)
    meter = Meter(home.control)
    shared = shared_counters(settings, journal.run)
    counters = shared or MemoryCounters()
    gateway = Gateway(settings, keys, journal, meter, KeyAllowances(home.control, meter), counters, AGENT)
    bounds = Bounds(settings.caps, settings.hosts)
    bounds.rejected = gateway.rejected
    server = HttpServer(gateway, bounds, settings.tls)
    link = ControlLink(home.worker_socket, listening, gateway, bounds, stopping)
    gc.set_threshold(20_000, 20, 100)  # calls leave no cycles behind; the default threshold costs 2 % of a call
    gc.collect()
    gc.freeze()  # what lives as long as the process is no longer walked
    await server.start(listening)
    runner = Runner(gateway, home)
    work = (
        periodically(TICK_SECONDS, gateway.tick),
        periodically(LOOK_SECONDS, gateway.cutting.look),
        periodically(SWEEP_SECONDS, gateway.keep_alive.sweep),
        link.run(),
        runner.run(),
        *([shared.keep_connected()] if shared else ()),
    )
    tasks = [asyncio.create_task(each) for each in work]
    try:
        await stopping.wait()
        gateway.draining = True
        is_drained, _ = await asyncio.gather(server.drain(DRAIN_SECONDS), runner.stop(DRAIN_SECONDS))
        if not is_drained:
            gateway.stop_calls()
            await server.drain(LAST_SECONDS)
    finally:
        if shared:
            await shared.delivered(DELIVER_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        server.close()
        gateway.close()
        journal.stop()
