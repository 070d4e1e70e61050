"""A whole gateway in this process that runs deferred calls, over sockets, in front of the sandbox and its batches."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec

from gatewatch.control.key_table import KeyTable
from gatewatch.control.store import ControlStore
from gatewatch.deferred.entry import Entry
from gatewatch.deferred.store import DeferredStore
from gatewatch.journal.writer import Journal
from gatewatch.limits.memory import MemoryCounters
from gatewatch.limits.rule import Rule, counter
from gatewatch.paths import Home
from proxy.deferring.runner import Runner
from proxy.http_server.bounds import Bounds
from proxy.http_server.server import HttpServer
from proxy.settings import Caps, Deadlines, Deferring, Limiting, Provider, ProviderKey, Route, Settings, Target, Way
from proxy.worker.allowance import KeyAllowances
from proxy.worker.gateway import Gateway
from proxy.worker.settle import Meter
from tests.kit.raw_http import RawReply, ask
from tests.kit.raw_http import request as request_bytes
from tests.kit.waiting import until
from tests.kit.worker_process import PEPPER

HELLO = [{"role": "user", "content": "How many roads must a man walk down?"}]
QUICK = Deferring(gather=20_000, shortest=1_000_000, poll=20_000)
DEFERRED = {"x-gatewatch-priority": "deferred"}
DIALECTS = {"openai": "openai-chat", "anthropic": "anthropic-messages", "plain": "openai-chat"}
"""Provider → what it speaks; `plain` has no batches."""


class Stage:
    """One gateway on a home. `settings` may be changed before it begins."""

    def __init__(self, home: Home, provider: str) -> None:
        self.home = home
        self.secret = self.key("app")
        self.settings = settings_of(home, provider)
        self.port = 0

    def key(self, name: str, team: str = "search", **options: Any) -> str:
        """Another key's secret."""
        with ControlStore.open(self.home.control) as store:
            return store.create_key(name, team=team, pepper=PEPPER, create_team=True, **options)[1]

    def key_id(self, name: str) -> str:
        with ControlStore.open(self.home.control) as store:
            return store.key(name).id

    def revoke(self, name: str) -> None:
        with ControlStore.open(self.home.control) as store:
            store.revoke_key(self.key_id(name))

    def defer(self, **deferring: int) -> None:
        self.settings = msgspec.structs.replace(
            self.settings, deferring=msgspec.structs.replace(self.settings.deferring, **deferring)
        )
        if self.port:
            self.gateway.configure(self.settings)

    def limit(self, *rules: Rule) -> None:
        self.settings = msgspec.structs.replace(self.settings, limiting=Limiting(rules=rules))
        if self.port:
            self.gateway.limit(self.settings.limiting)

    @asynccontextmanager
    async def serving(self, *, running: bool = True) -> AsyncIterator["Stage"]:
        """Until the block ends, as a worker does that is told to stop. `running`: whether it runs what it has taken."""
        self.counters = MemoryCounters()
        self.journal = Journal(self.home.journal)
        meter = Meter(self.home.control)
        keys, allowances = KeyTable(self.home.control, PEPPER), KeyAllowances(self.home.control, meter)
        self.gateway = Gateway(self.settings, keys, self.journal, meter, allowances, self.counters, "gatewatch/test")
        server = HttpServer(self.gateway, Bounds(Caps(), ("127.0.0.1",)))
        self.runner = Runner(self.gateway, self.home)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port = listening.getsockname()[1]
            await server.start(listening)
            task = asyncio.create_task(self.runner.run()) if running else None
            try:
                yield self
            finally:
                await self.runner.stop(5)
                if task is not None:
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task
                await server.drain(5)
                server.close()
                self.gateway.close()
                self.journal.stop()
                self.port = 0

    async def call(
        self,
        model: str = "chat",
        headers: dict[str, str] | None = None,
        *,
        path: str = "/v1/chat/completions",
        secret: str | None = None,
        **fields: Any,
    ) -> RawReply:
        """One call, deferred where `headers` say so."""
        usual = {"input": "hello"} if path == "/v1/embeddings" else {"messages": HELLO, "max_tokens": 50}
        body = {"model": model} | usual | fields
        own = {"Authorization": f"Bearer {secret or self.secret}"}
        return await ask(self.port, request_bytes("POST", path, json.dumps(body).encode(), own | (headers or {})))

    async def deferred(self, model: str = "chat", deadline: str = "1h", **fields: Any) -> str:
        """The id of a call that was taken."""
        headers = DEFERRED | {"x-gatewatch-deadline": deadline} | fields.pop("headers", {})
        reply = await self.call(model, headers, **fields)
        assert reply.status == 202, reply.body
        id: str = reply.json["id"]
        return id

    async def fetch(self, id: str, *, method: str = "GET", secret: str | None = None) -> RawReply:
        headers = {"Authorization": f"Bearer {secret or self.secret}"}
        return await ask(self.port, request_bytes(method, f"/v1/deferred/{id}", b"", headers))

    async def fetched(self, id: str) -> RawReply:
        """The reply, once it is there."""
        found: RawReply = await until(lambda: self.fetch(id), lambda reply: reply.status != 202)
        return found

    def rows(self) -> list[dict[str, Any]]:
        """What calls have ended with, in their order."""
        lines = b"".join(path.read_bytes() for path in sorted(self.home.journal.glob("*.jsonl"))).splitlines()
        return [row for row in map(json.loads, lines) if row["k"] == "close"]

    async def row(self, id: str) -> dict[str, Any]:
        """The one row of a call, when it is there."""
        found = await until(lambda: [row for row in self.rows() if row["call_id"] == id], bool)
        (row,) = found
        return dict(row)

    def tries(self, id: str) -> list[dict[str, Any]]:
        lines = b"".join(path.read_bytes() for path in sorted(self.home.journal.glob("*.jsonl"))).splitlines()
        return [row for row in map(json.loads, lines) if row["k"] == "attempt" and row["call_id"] == id]

    def entry(self, id: str) -> Entry:
        """As it is stored."""
        found = self.in_store(lambda store: store.find(id))
        assert found
        return found

    def in_store(self, work: Callable[[DeferredStore], Any]) -> Any:
        store = DeferredStore(self.home.deferred)
        try:
            return work(store)
        finally:
            store.close()

    def taken(self, rule: Rule, name: str) -> int:
        """What has been settled."""
        return sum(self.counters.taken().get(counter(rule, name), {}).values())

    def held(self, rule: Rule, name: str) -> int:
        return self.counters.held().get(counter(rule, name), 0)


def settings_of(home: Home, provider: str) -> Settings:
    deadlines = Deadlines(connect=20, first_byte=20, idle=20, total=20)
    providers = {name: _provider(name, dialect, provider) for name, dialect in DIALECTS.items()}

    def route(name: str, *targets: str) -> Route:
        pairs = [target.split("/") for target in targets]
        return Route(
            name=name, targets=tuple(Target(provider=name, model=model) for name, model in pairs), deadlines=deadlines
        )

    routes = [
        route("chat", "openai/gpt-4o-mini"),
        route("plain", "plain/gpt-4o-mini"),
        route("claude", "anthropic/claude-haiku-4-5"),
        route("bad", "openai/fault-400"),
        route("busy", "openai/fault-503"),
        route("expires", "openai/batch-expires"),
        route("fails", "openai/batch-fails"),
        route("embed", "openai/text-embedding-3-small"),
        route("slow", "plain/fault-slow-first-byte"),
        route("broken", "plain/fault-503"),
        msgspec.structs.replace(route("never", "openai/gpt-4o-mini"), deferred=False),
        msgspec.structs.replace(route("private", "openai/gpt-4o-mini"), zero_retention=True, opt_out=True),
    ]
    return Settings(
        config_version="c1",
        home=str(home.root),
        hosts=("127.0.0.1",),
        pepper=PEPPER.hex(),
        providers=providers,
        routes={each.name: each for each in routes},
        deadlines=deadlines,
        deferring=QUICK,
    )


def _provider(name: str, dialect: str, url: str) -> Provider:
    base = url if dialect == "anthropic-messages" else f"{url}/v1"
    made = Provider(
        name=name,
        ways=(Way(dialect=dialect, base_url=base),),
        keys=(ProviderKey(id="main", secret="sk-of-the-provider"),),
        price_provider="anthropic" if name == "anthropic" else "openai",
        allow_private=True,
    )
    batches = () if name == "plain" else (dialect,)
    return msgspec.structs.replace(made, quirks=msgspec.structs.replace(made.quirks, batches=batches))
