"""A whole gateway in this process, over sockets, in front of the sandbox provider; its rules are changed under it."""

import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from gatewatch.control.key_table import KeyTable
from gatewatch.control.store import ControlStore
from gatewatch.journal.writer import Journal
from gatewatch.limits.memory import MemoryCounters
from gatewatch.limits.rule import Rule, Scope, counter
from gatewatch.limits.window import Window
from gatewatch.paths import Home
from proxy.http_server.bounds import Bounds
from proxy.http_server.server import HttpServer
from proxy.settings import Caps, Deadlines, Limiting, Provider, ProviderKey, Route, Settings, Target, Way
from proxy.worker.allowance import KeyAllowances
from proxy.worker.endpoints import ENDPOINTS
from proxy.worker.gateway import Gateway
from proxy.worker.settle import Meter
from tests.kit.raw_http import RawReply, ask
from tests.kit.raw_http import request as request_bytes
from tests.kit.waiting import eventually
from tests.kit.worker_process import PEPPER

HELLO = [{"role": "user", "content": "How many roads must a man walk down?"}]
BODIES: dict[str, dict[str, Any]] = {
    "chat": {"messages": HELLO, "max_tokens": 50},
    "completions": {"prompt": "How many roads", "max_tokens": 50},
    "embeddings": {"input": "How many roads"},
    "responses": {"input": "How many roads", "max_output_tokens": 50},
    "messages": {"messages": HELLO, "max_tokens": 50},
    "count_tokens": {"messages": HELLO},
}
PATHS = {endpoint.name: path for path, endpoint in ENDPOINTS.items()}
NAMES: dict[Scope, str] = {
    "gateway": "", "environment": "live", "team": "search", "project": "search/web", "user": "ann", "key": "",
    "route": "", "model": "", "provider_key": "openai/main",
}  # fmt: skip
"""Empty: known when the gateway runs."""
FREE = 10**15


def budget(scope: Scope, name: str | None, most: int, **changed: Any) -> Rule:
    fields = {"id": "b", "kind": "budget", "measure": "picos", "window": Window(period="month")} | changed
    return Rule(scope=scope, name=name, most=most, **fields)


def limit(scope: Scope, name: str | None, measure: str, most: int, **changed: Any) -> Rule:
    window = None if measure == "concurrent" else Window(seconds=60)
    fields = {"id": "l", "kind": "limit", "measure": measure, "window": window} | changed
    return Rule(scope=scope, name=name, most=most, **fields)


class Stage:
    """One gateway, whose rules are changed under it."""

    def __init__(self, home: Home, provider: str) -> None:
        self.home = home
        with ControlStore.open(home.control) as store:
            record, self.secret = store.create_key("app", team="search", project="web", pepper=PEPPER, create_team=True)
        self.key_id = record.id
        self.names = NAMES | {"key": record.id}
        self.counters = MemoryCounters()
        self.journal = Journal(home.journal)
        meter = Meter(home.control)
        settings = settings_of(home, provider)
        keys, allowances = KeyTable(home.control, PEPPER), KeyAllowances(home.control, meter)
        self.gateway = Gateway(settings, keys, self.journal, meter, allowances, self.counters, "gatewatch/test")
        self.server = HttpServer(self.gateway, Bounds(Caps(), ("127.0.0.1",)))
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]

    def limit(self, *rules: Rule) -> None:
        self.gateway.limit(Limiting(rules=rules))

    def name(self, scope: Scope, route: str, model: str) -> str:
        return self.names[scope] or {"route": route, "model": f"openai/{model}"}.get(scope, "")

    def asked(
        self,
        endpoint: str,
        way: str,
        route: str,
        user: str | None,
        usage: Any = None,
        fault: str | None = None,
        **fields: Any,
    ) -> bytes:
        body = BODIES[endpoint] | {"model": route} | ({"stream": True} if way == "stream" else {}) | fields
        headers = {"Authorization": f"Bearer {self.secret}"}
        if user:
            headers["x-gatewatch-tags"] = json.dumps({"user": user})
        if usage:
            headers["x-sandbox-usage"] = json.dumps(usage)
        if fault:
            headers["x-sandbox-fault"] = fault
        return request_bytes("POST", PATHS[endpoint], json.dumps(body).encode(), headers)

    async def call(self, endpoint: str, way: str, route: str, *, user: str | None = "ann", **fields: Any) -> RawReply:
        """One call, and all that it leaves."""
        reply = await ask(self.port, self.asked(endpoint, way, route, user, **fields))
        await self.quiet()
        return reply

    async def quiet(self) -> None:
        """The end of a call is settled behind its last byte."""
        await eventually(lambda: not self.gateway.in_flight)

    def rows(self) -> list[dict[str, Any]]:
        """What calls have ended with, in their order."""
        lines = b"".join(path.read_bytes() for path in sorted(self.home.journal.glob("*.jsonl"))).splitlines()
        return [row for row in map(json.loads, lines) if row["k"] == "close"]

    def row(self, reply: RawReply) -> dict[str, Any]:
        (row,) = [row for row in self.rows() if row["call_id"] == reply.headers["x-gatewatch-call-id"]]
        return row

    def taken(self, rule: Rule, name: str) -> int:
        return sum(self.counters.taken().get(counter(rule, name), {}).values())


def settings_of(home: Home, provider: str) -> Settings:
    deadlines = Deadlines(connect=20, first_byte=20, idle=20, total=20)

    def route(name: str, *models: str, drop_params: bool = False) -> Route:
        targets = tuple(Target(provider="openai", model=model) for model in models)
        return Route(name=name, targets=targets, deadlines=deadlines, drop_params=drop_params)

    openai = Provider(
        name="openai",
        ways=(Way(dialect="openai-chat", base_url=f"{provider}/v1"),),
        keys=(ProviderKey(id="main", secret="sk-of-the-provider"),),
        price_provider="openai",
        allow_private=True,
    )
    routes = [
        route("talk", "gpt-4o-mini"),
        route("talk-lossy", "gpt-4o-mini", drop_params=True),
        route("embed", "text-embedding-3-small"),
        route("talk-after-500", "fault-500", "gpt-4o-mini"),
        route("embed-after-500", "fault-500", "text-embedding-3-small"),
    ]
    return Settings(
        config_version="c1",
        home=str(home.root),
        hosts=("127.0.0.1",),
        pepper=PEPPER.hex(),
        providers={"openai": openai},
        routes={each.name: each for each in routes},
        deadlines=deadlines,
    )


@asynccontextmanager
async def limit_stage(home: Home, provider: str) -> AsyncIterator[Stage]:
    """One that serves. `provider`: where the sandbox listens."""
    stage = Stage(home, provider)
    await stage.server.start(stage.listening)
    try:
        yield stage
    finally:
        await stage.server.drain(5)
        stage.server.close()
        stage.gateway.close()
        stage.journal.stop()
