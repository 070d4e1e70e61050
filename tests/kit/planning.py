"""A router as a worker has it, and calls to be planned."""

from pathlib import Path
from typing import Any, cast

import msgspec

from gatewatch.control.key_table import Known
from gatewatch.control.records import KeyRecord
from proxy.http_server.connection import ClientConnection
from proxy.http_server.request import Request
from proxy.routing import RouteOverride, Routing, Target, WorkloadRule
from proxy.settings import Deadlines, Pacing, Provider, ProviderKey, Route, Settings, Way
from proxy.worker.endpoints import ENDPOINTS
from proxy.worker.inbound import Inbound
from proxy.worker.pacing.pacing import Pacing as Lanes
from proxy.worker.quarantine import Quarantine
from proxy.worker.routing.router import Router
from proxy.worker.settle import Meter

KEY = KeyRecord(
    id="k0000001", name="app", kind="client", team="search", project=None, environment="live", models=None,
    created_at=1, created_by="root",
)  # fmt: skip
HELLO = {"messages": [{"role": "user", "content": "Hello"}]}
A, B, C = (Target(provider=provider, model="m") for provider in "abc")


def provider(name: str, **fields: Any) -> Provider:
    ways = (Way(dialect="openai-chat", base_url="http://127.0.0.1:1/v1"),)
    keys = (ProviderKey(id="main", secret="s"),)
    return Provider(**{"name": name, "ways": ways, "keys": keys, "price_provider": name} | fields)


def route(*targets: Target, **fields: Any) -> Route:
    return Route(name="r", targets=targets, deadlines=Deadlines(), **fields)


class Planning:
    """One router; its settings are changed under it."""

    def __init__(self, control: Path) -> None:
        self.control = control
        self.providers = {name: provider(name) for name in "abc"}
        self.routes: dict[str, Route] = {}
        self.lanes, self.quarantine, self.meter = Lanes(Pacing()), Quarantine(), Meter(control)
        self.router = Router(self._settings(Routing()), self.meter, self.lanes, self.quarantine)

    def _settings(self, routing: Routing) -> Settings:
        return Settings(
            config_version="v", home=str(self.control.parent), hosts=(), pepper="00", providers=self.providers,
            routes=self.routes, deadlines=Deadlines(), routing=routing,
        )  # fmt: skip

    def has(self, *routes: Route, workloads: tuple[WorkloadRule, ...] = (), **providers: dict[str, Any]) -> None:
        self.routes = {each.name: each for each in routes}
        self.providers |= {name: provider(name, **fields) for name, fields in providers.items()}
        self.router.configure(self._settings(Routing(workloads=workloads)))

    def puts(self, *overrides: RouteOverride) -> None:
        self.router.route(Routing(overrides=overrides))

    def plan(self, route: Route, call: Inbound | None = None) -> list[str]:
        """Names of the targets, in the order to be tried."""
        return [target.name for target in self.router.plan(call or asked(), route).targets]


def asked(
    headers: dict[str, str] | None = None,
    body: dict[str, Any] | None = None,
    endpoint: str = "chat",
    key: dict[str, Any] | None = None,
    **call: Any,
) -> Inbound:
    """A call that is authenticated and read, with those columns of its row."""
    path = next(path for path, each in ENDPOINTS.items() if each.name == endpoint)
    lines = {name.encode(): value.encode() for name, value in (headers or {}).items()}
    request = Request(cast(ClientConnection, None))
    request.headers = lines
    inbound = Inbound(request, endpoint, ENDPOINTS[path].caller, "127.0.0.1")
    inbound.known = Known(msgspec.structs.replace(KEY, **key or {}), "k0000001", 1)
    inbound.body = {"model": "r", **HELLO, **(body or {})}
    inbound.call.team = KEY.team
    for name, value in call.items():
        setattr(inbound.call, name, value)
    return inbound


class Clock:
    """Seconds, as the test says."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
