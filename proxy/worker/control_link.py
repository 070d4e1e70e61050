"""The worker's one connection to the control process: live state up each second, commands down.

Nothing here may stop a worker from serving: a lost connection is tried again twice a second, for ever. The listening
socket goes up with the greeting, so that a control process that starts anew can start more workers on it.
"""

import asyncio
import contextlib
import logging
import os
import socket
from pathlib import Path
from typing import Any

import msgspec

from gatewatch.control.key_hold import KeyHold
from gatewatch.limits.counters import Seeds, Standing
from proxy.http_server.bounds import Bounds
from proxy.routing import Routing
from proxy.settings import Limiting, Settings
from proxy.worker.caching.invalidation import Invalidation
from proxy.worker.gateway import Gateway
from proxy.worker.live import LiveState, rss_mb

RETRY_SECONDS = 0.5
REPORT_SECONDS = 1.0
LONGEST_COMMAND = 64 * 1024 * 1024
"""Settings come in one line; a stream reader's own limit is 64 kB, some hundred routes."""

log = logging.getLogger("gatewatch.worker")


class ControlLink:
    """Reports and obeys."""

    def __init__(
        self, path: Path, listening: socket.socket, gateway: Gateway, bounds: Bounds, stopping: asyncio.Event
    ) -> None:
        self._path = path
        self._listening = listening
        self._gateway = gateway
        self._bounds = bounds
        self._stopping = stopping
        self._standing: Standing | None = None
        self._obeyed = (0, 0)
        """Number of the last invalidation of kept replies, and how many there were."""

    async def run(self) -> None:
        """Until cancelled. To be started when the server takes connections."""
        while True:
            try:
                await self._session()
            except OSError:  # nobody is there, or nobody any more
                pass
            except Exception:
                log.exception("the link to the control process broke; it is made again")
            await asyncio.sleep(RETRY_SECONDS)

    async def _session(self) -> None:
        loop = asyncio.get_running_loop()
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            await loop.sock_connect(sock, str(self._path))
            greeting = self._report()
            sent = socket.send_fds(sock, [greeting], [self._listening.fileno()])
            reader, writer = await asyncio.open_unix_connection(sock=sock, limit=LONGEST_COMMAND)
            writer.write(greeting[sent:])
        except OSError:
            sock.close()
            raise
        reporting = asyncio.create_task(self._keep_reporting(writer))
        try:
            while line := await reader.readline():
                try:
                    self._obey(msgspec.json.decode(line))
                    writer.write(self._report())  # whoever commanded waits for this
                except Exception:  # a command that cannot be obeyed must not end the link
                    log.exception("a command of the control process failed")
        finally:
            reporting.cancel()
            writer.close()

    async def _keep_reporting(self, writer: asyncio.StreamWriter) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REPORT_SECONDS):
                    await self._gateway.leaks.news.wait()
            writer.write(self._report())
            await writer.drain()

    def _report(self) -> bytes:
        gateway, live = self._gateway, self._gateway.live
        state = LiveState(
            pid=os.getpid(),
            config_version=gateway.settings.config_version,
            epoch=gateway.settings.epoch,
            epochs=gateway.in_flight.epochs(),
            in_flight=live.begun - live.finished,
            streams=live.streams,
            connections=len(self._bounds.open),
            started=live.begun,
            ended=live.finished,
            refused=live.blocked,
            errors=live.failed,
            journal_full=gateway.journal.full,
            journal_error=gateway.journal.sync_error,
            keys_stale_since=gateway.keys.stale_since,
            rss_mb=rss_mb(),
            draining=gateway.draining,
            keys_used=live.take_keys_used(),
            leaks=gateway.leaks.take_found(),
            provider_leaks=gateway.leaks.of_providers.take_found(),
            networks=gateway.leaks.take_networks(),
            keys_in_flight=gateway.in_flight.keys(),
            provider_keys_in_flight=gateway.in_flight.provider_keys(),
            targets_in_flight=gateway.in_flight.targets(),
            held=gateway.held(),
            unseeded=gateway.unseeded(),
            standing=self._take_standing(),
            target_states=gateway.target_states(),
            bodies_dropped=gateway.bodies.dropped,
            bodies_error=gateway.bodies.error,
            provider_lanes=gateway.pacing.states(),
            cache=gateway.cache.state,
            cache_invalidated=gateway.cache.take_invalidated(),
            cache_obeyed=self._obeyed[0],
            cache_obeyed_count=self._obeyed[1],
            key_faults=gateway.quarantine.take_faults(),
            keys_lifted=gateway.quarantine.take_lifted(),
        )
        return msgspec.json.encode(state) + b"\n"

    def _take_standing(self) -> Standing | None:
        """Told once."""
        standing, self._standing = self._standing, None
        return standing

    def _obey(self, command: dict[str, Any]) -> None:
        match command.get("command"):
            case "configure":
                settings = msgspec.convert(command["settings"], Settings)
                self._gateway.configure(settings)
                self._bounds.configure(settings.caps, settings.hosts)
                log.info("took configuration %s", settings.config_version)
            case "quarantine":
                holds = msgspec.convert(command["holds"], list[KeyHold])
                self._gateway.quarantine.replace(holds, command["patience"])
            case "limit":
                self._gateway.limit(msgspec.convert(command["limiting"], Limiting))
            case "route":
                self._gateway.route(msgspec.convert(command["routing"], Routing))
            case "seed":
                self._gateway.seed(msgspec.convert(command["seeds"], Seeds, str_keys=True))
            case "count":
                self._standing = self._gateway.standing(command["at"], command["begin"])
            case "invalidate":
                count = self._gateway.cache.invalidate(msgspec.convert(command["which"], Invalidation))
                if command["number"]:
                    self._obeyed = (command["number"], count)
            case "recount":
                self._gateway.recount(command["rules"])
            case "drain":
                self._stopping.set()
            case unknown:
                log.warning("unknown command %r", unknown)
