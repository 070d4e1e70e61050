"""A control API in this process, on a unix socket and over TLS: real store, vault, ledger and key table, no workers.

`NoGateway` and `no_vault` are for tests that only ask the ledger.
"""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from gatewatch.authority.permissions import RoleName
from gatewatch.config.models import Control as ControlConfig
from gatewatch.control.records import AuditEntry
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from gatewatch.rotation.rotator import Rotator
from gatewatch.vault.interface import Vault, VaultError
from gatewatch.vault.opening import Wish, open_vault
from gatewatch.vault.pepper import get_or_create_pepper
from proxy.control.actions_here import ActionsHere
from proxy.control.ways_in import WaysIn
from tests.kit.certificates import certificate

LIVE: dict[str, Any] = {"version": "0", "listen": "http://apps", "started_at": 1, "pid": 7, "workers": [], "alarms": []}


class NoGateway:
    """A gateway without workers."""

    def live(self) -> dict[str, Any]:
        return LIVE

    @property
    def rotator(self) -> Rotator:
        raise GatewatchError("this test rotates no provider's key")

    def refresh(self) -> None:
        return None

    def test_alert_sink(self, name: str) -> dict[str, Any]:
        raise GatewatchError("this test has no sinks")


def no_vault() -> Vault:
    raise VaultError("this test has no vault", "")


class Control:
    """One home with keys; what is asked of its API."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.home = Home(folder / "home").make()
        self.socket = folder / "control.sock"
        self.remote = ""
        self.login_role: RoleName = "super-admin"
        """What the table says of whoever comes by the socket."""
        self.chain, self.private = certificate(folder, "localhost")
        self.used: dict[str, int] = {}
        with self.store() as store:
            self.vault = open_vault(self.home, store, Wish(kind="file"))
            self.pepper = get_or_create_pepper(self.home, store, self.vault)

    def store(self) -> ControlStore:
        return ControlStore.open(self.home.control, actor="root")

    def key(self, name: str, team: str = "search", /, **fields: Any) -> str:
        """Makes a key; its secret."""
        with self.store() as store:
            return store.create_key(name, team=team, create_team=True, pepper=self.pepper, **fields)[1]

    def audit(self) -> list[AuditEntry]:
        """The oldest first."""
        with self.store() as store:
            return store.audit_entries(10_000)[::-1]

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.chain))

    async def ask(self, secret: str | None, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Over TLS, with a key or none."""
        shown = {} if secret is None else {"authorization": f"Bearer {secret}"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with httpx.AsyncClient(verify=self.trust(), base_url=self.remote, timeout=30) as client:
            return await client.request(method, path, json=body, headers=shown | named)

    async def ask_here(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Over the unix socket."""
        transport = httpx.AsyncHTTPTransport(uds=str(self.socket))
        async with httpx.AsyncClient(transport=transport, base_url="http://gatewatch", timeout=30) as client:
            return await client.request(method, path, json=body)


@asynccontextmanager
async def control_api(
    folder: Path, *, clock: Any = None, client_ca: Path | None = None, control: Control | None = None
) -> AsyncIterator[Control]:
    """Both ways in, with the journal of the home loaded."""
    made = control or Control(folder)
    service = LedgerService(made.home, clock=clock) if clock else LedgerService(made.home)
    service.load_once()
    doings = ActionsHere(made.home, lambda: made.vault, service, list, NoGateway())
    ways_in = WaysIn(service, lambda: LIVE, doings)
    try:
        await ways_in.open_here(made.socket, lambda _: made.login_role)
        config = {"cert": str(made.chain), "key": str(made.private)}
        ca = None if client_ca is None else str(client_ca)
        asked = ControlConfig.model_validate({"listen": "127.0.0.1:0", "tls": config, "client_ca": ca})
        await ways_in.open_remote(asked, ("localhost",), made.home, made.pepper, made.used.__setitem__)
        assert ways_in.remote
        made.remote = ways_in.remote.replace("127.0.0.1", "localhost")
        yield made
    finally:
        await ways_in.drain(5)
        service.close()
