"""The store is seeded and kept right: over a new rule, a store that forgot, a worker that died, a ledger that fails."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from gatewatch.errors import GatewatchError
from gatewatch.journal.writer import Journal
from gatewatch.ledger.service import LedgerService
from gatewatch.limits.counters import Asked, Seeds
from gatewatch.limits.rule import Rule
from gatewatch.limits.shared.address import Address, read_url
from gatewatch.limits.shared.store import open_store
from gatewatch.paths import Home
from proxy.control.alarms import Alarms
from proxy.control.shared_counting import AWAY, UNCOUNTED, SharedCounting
from tests.kit.redis_server import RedisServer, redis_server
from tests.kit.shared_counting import DAY, R, S, Scene, Worker, running
from tests.kit.waiting import until


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path / "redis") as server:
        yield server


async def test_counters_begin_with_what_the_ledger_has_and_go_on(tmp_path: Path, store: RedisServer) -> None:
    scene = Scene(tmp_path, store)
    before = Journal(scene.home.journal)
    before.stop()
    worker = Worker(scene.home, store, [R])
    for _ in range(3):
        worker.serve()
    async with running(scene):
        for _ in range(2):
            worker.serve()
        await scene.become(r=5)
        worker.serve()
        await scene.become(r=6)
        await worker.die()


async def test_a_new_rule_counts_once_every_worker_does(tmp_path: Path, store: RedisServer) -> None:
    scene = Scene(tmp_path, store)
    worker, other = Worker(scene.home, store, [R]), Worker(scene.home, store, [R])
    async with running(scene):
        worker.serve()
        await scene.become(r=1)
        scene.rules = (R, S)
        scene.counting.changed()
        worker.count([R, S])
        other.serve()  # which does not know of the new rule yet
        for _ in range(2):
            worker.serve()
        other.count([R, S])
        other.serve()
        await scene.become(r=5, s=35)
        for each in (worker, other):
            await each.die()


async def test_a_rule_that_goes_and_comes_again_counts_what_was_meanwhile(tmp_path: Path, store: RedisServer) -> None:
    scene = Scene(tmp_path, store)
    worker = Worker(scene.home, store, [R])
    scene.counting.changed()
    async with running(scene):
        worker.serve()
        await scene.become(r=1)
        for rules in ((), (R,)):  # quicker than anybody looks
            scene.rules = rules
            scene.counting.changed()
            worker.count(rules)
            worker.serve()
        await scene.become(r=3)
        await worker.die()


async def test_what_a_dead_worker_left_is_counted_and_what_it_held_is_free(tmp_path: Path, store: RedisServer) -> None:
    scene = Scene(tmp_path, store)
    worker = Worker(scene.home, store, [R])
    async with running(scene):
        worker.serve()
        await scene.become(r=1)
        now = time.time_ns() // 1000
        await worker.counters.reserve("x", [Asked("r|", DAY.bucket(now), 0, 5, 100)])
        worker.serve(tell=False)
        worker.journal.open(worker.call())
        await worker.die()
        await scene.become(r=3)
        looking = await open_store(read_url(store.url), "g")
        await until(lambda: looking.held([R]), lambda held: held == {})
        looking.close()


@pytest.mark.parametrize("forgets", [False, True], ids=["with its data", "without its data"])
async def test_a_store_that_comes_back_counts_what_the_ledger_does(
    tmp_path: Path, store: RedisServer, forgets: bool
) -> None:
    scene = Scene(tmp_path, store)
    worker = Worker(scene.home, store, [R])
    async with running(scene):
        worker.serve()
        await scene.become(r=1)
        store.kill()
        await until(lambda: AWAY in scene.standing(), bool)
        for _ in range(3):
            worker.serve()
        dead = Worker(scene.home, store, [R])
        dead.serve()
        await dead.die()
        if forgets:
            store.forget()
        store.start()
        await scene.become(r=5)
        await until(lambda: AWAY not in scene.standing(), bool)
        worker.serve()
        await scene.become(r=6)
        store.ask("FLUSHALL")
        await scene.become(r=6)
        await worker.die()


async def test_a_ledger_that_fails_is_an_alarm_and_is_tried_again(tmp_path: Path, store: RedisServer) -> None:
    scene = Scene(tmp_path, store)
    real = scene.ledger

    class Failing:
        def load_once(self) -> object:
            raise GatewatchError("The ledger is on holiday")

        def seeds(self, rules: Sequence[Rule], now: int) -> Seeds:
            return real.seeds(rules, now)

    scene.ledger = Failing()  # type: ignore[assignment]
    worker = Worker(scene.home, store, [R])
    worker.serve()
    task = asyncio.create_task(scene.counting.run())
    await until(lambda: UNCOUNTED in scene.standing(), bool)
    assert await scene.sums() == {}
    scene.ledger = real
    await scene.become(r=1)
    await until(lambda: UNCOUNTED not in scene.standing(), bool)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await worker.die()
    real.close()


async def test_a_store_that_is_away_at_the_start_refuses_it_or_is_an_alarm(tmp_path: Path) -> None:
    alarms = Alarms()
    address = Address(host="127.0.0.1", port=1, password="canary-3")
    counting = SharedCounting(
        Home(tmp_path).make(), address, "g", alarms, rules=tuple, ledger=lambda: LedgerService(Home(tmp_path))
    )
    with pytest.raises(GatewatchError, match="The limits store is away") as refused:
        await counting.reach(refuse=True)
    assert "limits_away: allow" in (refused.value.next_step or "")
    await counting.reach(refuse=False)
    (alarm,) = alarms.standing()
    assert alarm.id == AWAY
    assert "canary" not in alarm.text + str(refused.value)
