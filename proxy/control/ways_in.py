"""The ways in to the control API: the unix socket of this machine, and, where configured, TLS for admin keys.

Keeps true: the network's way is never the apps' port, never without TLS, and is bounded more tightly than theirs.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatewatch.authority.permissions import RoleName
from gatewatch.config.metrics import Metrics as MetricsWritten
from gatewatch.config.models import Control
from gatewatch.config.values import Address
from gatewatch.control.key_table import KeyTable
from gatewatch.paths import Home
from proxy.control.api import BODY_BYTES, ControlApi, Doings
from proxy.control.failed_tries import WINDOW_SECONDS
from proxy.control.key_door import KeyDoor
from proxy.control.listening import bind, bind_unix, tls_context
from proxy.control.metrics.door import MetricsDoor
from proxy.control.metrics.metrics import Metrics
from proxy.control.peers import Peers
from proxy.http_server.bounds import Bounds
from proxy.http_server.server import HttpServer
from proxy.settings import Caps

if TYPE_CHECKING:
    from gatewatch.ledger.service import LedgerService

REMOTE_CAPS = Caps(
    body_bytes=BODY_BYTES, header_bytes=8 * 1024, header_count=40, url_bytes=1024, connections=256,
    connections_per_source=64,
)  # fmt: skip


class WaysIn:
    """All servers of one control process's API."""

    def __init__(
        self,
        service: "LedgerService",
        live: Callable[[], dict[str, Any]],
        doings: Doings,
        metrics: Metrics | None = None,
    ) -> None:
        self._counting = metrics or Metrics(service, live)
        self._metrics_door = MetricsDoor(self._counting)
        self._service = service
        self._live = live
        self._doings = doings
        self._apis: list[ControlApi] = []
        self._servers: list[HttpServer] = []
        self._keys: KeyTable | None = None
        self._door: KeyDoor | None = None
        self.remote: str | None = None
        """`https://HOST:PORT`, once it is open."""

    async def open_here(self, path: Path, role_of: Callable[[str], RoleName]) -> None:
        """The unix socket. Raises GatewatchError."""
        peers = Peers(role_of)
        bounds = Bounds(Caps(), hosts=None)
        bounds.admits = peers.admits
        api = ControlApi(self._service, self._live, self._doings, self._counting, peers.recognise)
        self._apis.append(api)
        server = HttpServer(api, bounds)
        await server.start(bind_unix(path))
        self._servers.append(server)

    async def open_remote(
        self, control: Control, hosts: tuple[str, ...], home: Home, pepper: bytes, used: Callable[[str, int], None]
    ) -> None:
        """The network's, where the configuration has one. Raises GatewatchError, sqlite3.Error, OSError."""
        address = control.listen
        if not isinstance(address, Address) or control.tls is None:
            return
        context = tls_context(control.tls.cert, control.tls.key, control.client_ca)
        self._keys = KeyTable(home.control, pepper)
        own = () if address.is_wildcard else (address.host_header,)
        self._door = door = KeyDoor(self._keys, used, time.monotonic)
        api = ControlApi(self._service, self._live, self._doings, self._counting, door.recognise, here=False)
        self._apis.append(api)
        server = HttpServer(api, Bounds(REMOTE_CAPS, tuple(dict.fromkeys((*hosts, *own)))), context)
        listening = bind(address.host, address.port, step="Take another port in `control: {listen: HOST:PORT}`.")
        port = listening.getsockname()[1]
        await server.start(listening)
        self._servers.append(server)
        host = f"[{address.host}]" if ":" in address.host else address.host
        self.remote = f"https://{host}:{port}"

    async def open_metrics(self, written: MetricsWritten, hosts: tuple[str, ...]) -> None:
        """Prometheus's, where the configuration has one. Raises GatewatchError."""
        await self._metrics_door.open(written, hosts)

    @property
    def metrics(self) -> str | None:
        """Where Prometheus asks, once that is open."""
        return self._metrics_door.url

    async def keep_noting(self) -> None:
        """Until cancelled: who was refused without standing in the audit trail, as a number for each minute."""
        while True:
            await asyncio.sleep(WINDOW_SECONDS)
            await self._note_counted()

    async def _note_counted(self) -> None:
        if self._door is not None and (counted := self._door.take_counted()) is not None:
            actor, told = counted
            await asyncio.to_thread(self._doings.denied, actor, "control.tries", "-", told, changes=True)

    async def drain(self, seconds: float) -> None:
        """Answer what was asked, for so long; then cut."""
        for server in self._servers:
            await server.drain(seconds)
            server.close()
        await self._metrics_door.drain(seconds)
        self._counting.close()
        for api in self._apis:
            api.close()
        await self._note_counted()
        if self._keys is not None:
            self._keys.close()
