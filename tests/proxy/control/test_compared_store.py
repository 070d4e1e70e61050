"""Counters in the shared store are what the ledger says where they stand, however far the journals are."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

import msgspec
import pytest

from gatewatch.errors import GatewatchError
from gatewatch.limits.rule import Rule
from gatewatch.limits.shared import standing as standing_module
from gatewatch.limits.shared.address import Address, read_url
from gatewatch.limits.shared.connection import Connection
from gatewatch.limits.shared.names import Names, token
from gatewatch.limits.shared.scanning import counters_of
from proxy.control.compared import Compared
from proxy.control.compared_store import ComparedStore
from tests.kit.redis_server import RedisServer, redis_server
from tests.kit.shared_counting import R, S, Scene, Worker, running
from tests.kit.waiting import until

OF_USERS = msgspec.structs.replace(R, id="users", scope="user", name=None)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path / "redis") as server:
        yield server


@pytest.fixture
async def scene(tmp_path: Path, store: RedisServer) -> AsyncIterator[Scene]:
    made = Scene(tmp_path, store)
    async with running(made):
        yield made


async def compared(scene: Scene, *rules: Rule, begin: int = 0) -> Compared:
    of_store = ComparedStore(scene.home, read_url(scene.store.url), "g", lambda: scene.rules)
    return await of_store.compared(scene.ledger, rules or scene.rules, time.time_ns() // 1000, begin)


async def settled(*workers: Worker) -> None:
    for worker in workers:
        await worker.counters.delivered(5)


async def test_what_workers_have_settled_is_what_the_ledger_says(scene: Scene, store: RedisServer) -> None:
    worker, other = Worker(scene.home, store, [R]), Worker(scene.home, store, [R])
    for each in (worker, other, worker):
        each.serve()
    await scene.become(r=3)
    other.serve()
    await settled(other)
    assert await compared(scene) == Compared({"r|": 4}, {"r|": 4}, 0)
    for each in (worker, other):
        await each.die()


async def test_what_is_journalled_and_not_settled_is_not_held_against_the_store(
    scene: Scene, store: RedisServer
) -> None:
    worker, other = Worker(scene.home, store, [R]), Worker(scene.home, store, [R])
    worker.serve()
    await scene.become(r=1)
    other.serve(tell=False)
    worker.serve()
    worker.serve(tell=False)
    await settled(worker)
    late = Worker(scene.home, store, [R])
    late.connecting.cancel()  # which has never spoken to the store
    late.serve()
    assert await compared(scene) == Compared({"r|": 2}, {"r|": 2}, 0)
    for each in (worker, other, late):
        await each.die()


async def test_rules_that_were_seeded_at_other_times_are_each_compared_where_they_stand(
    scene: Scene, store: RedisServer
) -> None:
    worker = Worker(scene.home, store, [R])
    worker.serve()
    await scene.become(r=1)
    worker.serve(tell=False)  # the seeding of the new rule will have it, the old rule has not
    scene.rules = (R, S)
    scene.counting.changed()
    worker.count([R, S])
    await scene.become(r=1, s=14)
    assert await compared(scene) == Compared({"r|": 1, "s|": 14}, {"r|": 1, "s|": 14}, 0)
    worker.serve()
    await settled(worker)
    found = await compared(scene)
    assert (found.counted["s|"], found.ledger["s|"]) == (21, 21)
    await worker.die()


async def test_a_counter_that_is_wrong_or_lost_is_seen_and_counts_anew(scene: Scene, store: RedisServer) -> None:
    scene.rules = (R, OF_USERS)
    worker = Worker(scene.home, store, scene.rules)
    for user in ("ann", "bob|1", "cid"):
        worker.serve(user=user)
    key = Names("g").counter(token(OF_USERS), "bob|1")
    await until(lambda: store.ask("EXISTS", key) == ":1", bool)
    await scene.become(r=3, users=3)
    store.ask("DEL", key)
    store.ask("HINCRBY", Names("g").counter(token(R), ""), str(R.window.bucket(time.time_ns() // 1000)), "5")  # type: ignore[union-attr]
    found = await compared(scene)
    everybody = {"users|ann": 1, "users|cid": 1}
    assert found.counted == {"r|": 8, **everybody}
    assert found.ledger == {"r|": 3, "users|bob|1": 1, **everybody}
    await ComparedStore(scene.home, read_url(store.url), "g", lambda: scene.rules).recount(["r", "users"])
    await scene.become(r=3, users=3)
    found = await compared(scene)
    assert found.counted == found.ledger == {"r|": 3, "users|bob|1": 1, **everybody}
    await worker.die()


async def test_many_counters_are_compared_part_by_part_and_one_that_is_lost_is_missed_in_its_part(
    scene: Scene, store: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing_module, "MOST", 3)
    scene.rules = (OF_USERS,)
    worker = Worker(scene.home, store, scene.rules)
    for n in range(8):
        worker.serve(user=f"u{n}")
    await scene.become(users=8)
    for lost in ("u0", "u4", "u7"):
        store.ask("DEL", Names("g").counter(token(OF_USERS), lost))
    parts = [await compared(scene, begin=begin) for begin in (0, 3)]
    assert [part.following for part in parts] == [3, 0]
    assert [sorted(part.counted) for part in parts] == [
        ["users|u1", "users|u2", "users|u3"],
        ["users|u5", "users|u6"],
    ]
    assert {counter for part in parts for counter in part.ledger} == {f"users|u{n}" for n in range(8)}
    assert not parts[0].ledger.keys() & parts[1].ledger.keys()
    await worker.die()


async def test_a_counter_that_begins_while_the_store_is_looked_through_is_not_missed(
    scene: Scene, store: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.rules = (OF_USERS,)
    worker = Worker(scene.home, store, scene.rules)
    worker.serve(user="ann")
    await scene.become(users=1)

    async def slowly(connection: Connection, names: Names, rules: Iterable[Rule]) -> dict[bytes, str]:
        found = await counters_of(connection, names, rules)
        worker.serve(user="bob")
        await settled(worker)
        return found

    monkeypatch.setattr(standing_module, "counters_of", slowly)
    assert await compared(scene) == Compared({"users|ann": 1}, {"users|ann": 1}, 0)
    await worker.die()


async def test_while_a_dead_worker_is_not_settled_nothing_is_compared(tmp_path: Path, store: RedisServer) -> None:
    scene = Scene(tmp_path, store)
    worker, other = Worker(scene.home, store, [R]), Worker(scene.home, store, [R])
    async with running(scene):
        worker.serve()
        await scene.become(r=1)
    scene.ledger = type(scene.ledger)(scene.home)
    worker.journal.open(worker.call())
    worker.serve(tell=False)
    await worker.die()
    with pytest.raises(GatewatchError, match="died is being settled"):
        await compared(scene)
    async with running(scene):
        await scene.become(r=3)
        assert await until(lambda: compared(scene), lambda found: found.counted == found.ledger == {"r|": 3})
    await other.die()


async def test_before_the_store_is_seeded_or_when_it_is_away_it_is_said_why(tmp_path: Path, store: RedisServer) -> None:
    scene = Scene(tmp_path, store)
    with pytest.raises(GatewatchError, match="being filled"):
        await compared(scene)
    nobody = ComparedStore(scene.home, Address(host="127.0.0.1", port=1, password="canary-9"), "g", lambda: [R])
    with pytest.raises(GatewatchError, match="the limits store is away") as away:
        await nobody.compared(scene.ledger, [R], 0, 0)
    assert "canary" not in away.value.title
    await asyncio.to_thread(scene.ledger.close)
