"""Workers that count in a store, and the control process that keeps it right, without a process of their own."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from gatewatch.call import Call
from gatewatch.ids import new_call_id
from gatewatch.journal.writer import Journal
from gatewatch.ledger.service import LedgerService
from gatewatch.limits.charged import charged
from gatewatch.limits.concerned import Concerned
from gatewatch.limits.rule import Rule
from gatewatch.limits.shared.address import read_url
from gatewatch.limits.shared.counters import SharedCounters
from gatewatch.limits.shared.names import token
from gatewatch.limits.shared.store import open_store
from gatewatch.limits.window import Window
from gatewatch.paths import Home
from proxy.control.alarms import Alarms
from proxy.control.shared_counting import SharedCounting
from tests.kit.redis_server import RedisServer
from tests.kit.waiting import until

DAY = Window(period="day")
R = Rule(id="r", kind="limit", scope="gateway", name="", measure="requests", most=100, window=DAY)
S = Rule(id="s", kind="budget", scope="gateway", name="", measure="picos", most=100, window=Window(period="month"))


class Worker:
    """As one counts: a journal, and counters in the store."""

    def __init__(self, home: Home, store: RedisServer, rules: Sequence[Rule]) -> None:
        self.journal = Journal(home.journal)
        self.counters = SharedCounters(read_url(store.url), "g", self.journal.run, patience=5)
        self.count(rules)
        self.connecting = asyncio.create_task(self.counters.keep_connected())

    def count(self, rules: Sequence[Rule]) -> None:
        self.rules = rules
        self.counters.configure([rule.id for rule in rules], [], rules)

    def call(self, user: str = "") -> Call:
        return Call(call_id=new_call_id(), started_at=time.time_ns() // 1000, status="ok", user=user)

    def serve(self, *, tell: bool = True, user: str = "") -> None:
        """A call of 7 picodollars. Without `tell` it is journalled alone."""
        made = self.call(user)
        self.journal.open(made)
        made.cost_picos, made.cost_basis = 7, "computed"
        self.journal.close(made, [])
        if tell:
            self.counters.settle(made.call_id, [*charged(Concerned(self.rules), made, [])], self.journal.position)

    async def die(self) -> None:
        """Its locks are free; nobody hears of it."""
        self.connecting.cancel()
        await asyncio.gather(self.connecting, return_exceptions=True)
        self.journal.stop()


class Scene:
    def __init__(self, folder: Path, store: RedisServer) -> None:
        self.home = Home(folder).make()
        self.store = store
        self.rules: tuple[Rule, ...] = (R,)
        self.alarms = Alarms()
        self.ledger = LedgerService(self.home)
        self.counting = SharedCounting(
            self.home, read_url(store.url), "g", self.alarms, rules=lambda: self.rules, ledger=lambda: self.ledger
        )

    def standing(self) -> set[str]:
        return {alarm.id for alarm in self.alarms.standing()}

    async def sums(self) -> dict[str, int]:
        """Rule → what is settled of it, where all rules count."""
        store = await open_store(read_url(self.store.url), "g")
        try:
            if (await store.seen()).seeded != {token(rule) for rule in self.rules}:
                return {}
            taken = await store.taken(self.rules)
        finally:
            store.close()
        found: dict[str, int] = {}
        for key, buckets in taken.items():
            rule = key.partition("|")[0]
            found[rule] = found.get(rule, 0) + sum(buckets.values())
        return found

    async def become(self, **expected: int) -> None:
        await until(self.sums, lambda sums: sums == expected)


@asynccontextmanager
async def running(scene: Scene) -> AsyncIterator[None]:
    task = asyncio.create_task(scene.counting.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        scene.ledger.close()
