"""A gateway of several workers that count together in a store.

What the ledger has is asked of a snapshot of it, in SQL of our own; what the store has, of the store.
"""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from gatewatch.config.limit_rules import rules_of
from gatewatch.config.loading import load
from gatewatch.control_client import ControlClient
from gatewatch.limits.rule import Rule
from gatewatch.limits.shared.address import read_url
from gatewatch.limits.shared.connection import connect
from gatewatch.limits.shared.store import open_store
from gatewatch.paths import Home
from tests.kit.raw_http import ask, request
from tests.kit.redis_server import RedisServer
from tests.kit.running import Gateway, gateway
from tests.kit.waiting import until

WORKERS = 4
USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
COST = 100 * 150_000 + 20 * 600_000
"""Picodollars of a call to gpt-4o-mini with that usage, by hand. Its text is longer: more is reckoned with before."""
CONFIG = """\
vault: file
workers: {workers}
stores: {{limits: "{store}", limits_away: {away}}}
providers:
  sandbox: {{preset: sandbox, base_url: "{sandbox}/v1", api_key: none, allow_private: true}}
models:
  chat: {{targets: [sandbox/gpt-4o-mini]}}
{rules}
"""


class Counted(NamedTuple):
    """Of all calls together."""

    requests: int
    picos: int


class SharedStage:
    """One running gateway."""

    def __init__(self, running: Gateway, store: RedisServer, config: Path) -> None:
        self.gateway = running
        self.store = store
        self.rules: tuple[Rule, ...] = rules_of(load(config, os.environ).config)
        self.secret = running.key("app", team="search")
        self.port = int(running.running.listen.rpartition(":")[2])
        self._snapshots = 0

    def call(self, *, stream: bool = False, **headers: str) -> bytes:
        """The bytes of a call that costs COST."""
        body = {
            "model": "chat",
            "messages": [{"role": "user", "content": "How many roads? " * 50}],
            "max_tokens": 20,
            "stream": stream,
            **({"stream_options": {"include_usage": True}} if stream else {}),
        }
        fields = {"Authorization": f"Bearer {self.secret}", "x-sandbox-usage": json.dumps(USAGE), **headers}
        return request("POST", "/v1/chat/completions", json.dumps(body).encode(), fields)

    async def calls(self, count: int, **fields: Any) -> list[int]:
        """The statuses of so many calls at once, each on a connection of its own."""
        replies = await asyncio.gather(*(ask(self.port, self.call(**fields)) for _ in range(count)))
        return [reply.status for reply in replies]

    @property
    def workers(self) -> list[int]:
        """Their pids, as they are now."""
        return [int(each["pid"]) for each in self._live()["workers"]]

    @property
    def alarms(self) -> set[str]:
        return {each["id"] for each in self._live()["alarms"]}

    def _live(self) -> Any:
        with ControlClient(Home(self.gateway.home).socket) as client:
            return client.live()

    async def counted(self) -> Counted:
        """What the store has settled, over all buckets."""
        address = read_url(self.store.url)
        store = await open_store(address, await self._gateway_id())
        try:
            taken = await store.taken(self.rules)
            assert await store.held(self.rules) == {}
        finally:
            store.close()
        sums = {rule.measure: 0 for rule in self.rules}
        measures = {rule.id: rule.measure for rule in self.rules}
        for counter, buckets in taken.items():
            sums[measures[counter.partition("|")[0]]] += sum(buckets.values())
        return Counted(sums["requests"], sums["picos"])

    async def ledger(self) -> Counted:
        """What its rows say, of all that were let through."""
        self._snapshots += 1
        path = self.gateway.home.parent / f"snapshot-{self._snapshots}.duckdb"
        await asyncio.to_thread(self.gateway.ask, "ledger", "snapshot", str(path))
        with duckdb.connect(str(path), read_only=True) as ledger:
            query = "SELECT count(*), coalesce(sum(cost), 0) FROM calls WHERE status <> 'blocked'"
            ((calls, cost),) = ledger.execute(query).fetchall()
        return Counted(calls, int(Decimal(cost) * 10**12))

    async def agree(self, calls: int) -> Counted:
        """Wait until so many calls are in the ledger, and the store has the same to the picodollar."""

        async def both() -> tuple[Counted | str, Counted]:
            try:
                return await self.counted(), await self.ledger()
            except AssertionError as held:
                return f"held: {held}", await self.ledger()

        counted, _ = await until(both, lambda found: found[0] == found[1] and found[1].requests == calls, 40)
        assert isinstance(counted, Counted)
        return counted

    async def _gateway_id(self) -> str:
        connection = await connect(read_url(self.store.url), 5, seconds=5)
        keys = await connection.ask("KEYS", "{gw:*}:runs")
        connection.close("known")
        assert isinstance(keys, list)
        (key,) = keys
        return str(key.decode().removeprefix("{gw:").partition("}")[0])


@contextmanager
def shared_stage(
    folder: Path, provider: str, store: RedisServer, rules: str, *, away: str = "refuse", workers: int = WORKERS
) -> Iterator[SharedStage]:
    """`rules`: sections of the configuration file; of limits on requests and budgets in money one each at most."""
    config = CONFIG.format(workers=workers, store=store.url, away=away, sandbox=provider, rules=rules)
    with gateway(folder, config) as running:
        yield SharedStage(running, store, folder / "gatewatch.yaml")
