"""A worker's side: what was said and not heard is done once, and nothing is held that nobody holds."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from gatewatch.ids import new_call_id
from gatewatch.limits.counters import Asked, CountersAway, Used
from gatewatch.limits.rule import Rule
from gatewatch.limits.shared import counters as counters_module
from gatewatch.limits.shared import deeds as deeds_module
from gatewatch.limits.shared.address import read_url
from gatewatch.limits.shared.counted_rules import counting
from gatewatch.limits.shared.counters import SharedCounters
from gatewatch.limits.shared.names import Names, token
from gatewatch.limits.shared.store import LimitsStore, open_store
from gatewatch.limits.window import Window
from tests.kit.middleman import Middleman
from tests.kit.redis_server import RedisServer, redis_server
from tests.kit.waiting import until

RUN = "20260102T030405Z-0123abcd"
RULE = Rule(id="r", kind="limit", scope="user", measure="tokens", most=1, window=Window(seconds=60))
RUNNING = Rule(id="running", kind="limit", scope="user", measure="concurrent", most=1)


def want(amount: int, most: int = 100) -> Asked:
    return Asked("r|a", 60, 0, amount, most)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@asynccontextmanager
async def seeded(redis: RedisServer, gateway: str) -> AsyncIterator[LimitsStore]:
    store = await open_store(read_url(redis.url), gateway)
    attempt = await store.begin([token(RULE)], "20260101T000000Z")
    assert await store.seal(attempt, [token(RULE)], {}, [])
    yield store
    store.close()


@asynccontextmanager
async def worker(port: int, gateway: str, run: str = RUN, *, patience: float = 5.0) -> AsyncIterator[SharedCounters]:
    counters = SharedCounters(read_url(f"redis://127.0.0.1:{port}"), gateway, run, patience=patience)
    counters.configure(["r", "running"], ["running"], [RULE, RUNNING])
    connecting = asyncio.create_task(counters.keep_connected())
    try:
        yield counters
    finally:
        await counters.delivered(5)
        connecting.cancel()
        await asyncio.gather(connecting, return_exceptions=True)


async def test_a_settlement_whose_answer_was_lost_is_done_once(redis: RedisServer, tmp_path: Path) -> None:
    gateway = tmp_path.name
    async with (
        Middleman(redis.port) as between,
        seeded(redis, gateway) as store,
        worker(between.port, gateway) as counters,
    ):
        await counters.reserve("1", [want(50)])
        between.deaf = True
        counters.settle("1", [Used("r|a", 60, 7)], (f"{RUN}-000001", 10))
        await until(lambda: store.taken([RULE]), lambda taken: taken == {"r|a": {60: 7}})
        assert counters.owed == 1
        between.deaf = False
        between.cut()
        await until(lambda: not counters.owed)
        assert await store.taken([RULE]) == {"r|a": {60: 7}}
        assert await store.held([RULE]) == {}


async def test_a_reservation_whose_answer_was_lost_holds_nothing_once_the_worker_is_back(
    redis: RedisServer, tmp_path: Path
) -> None:
    gateway = tmp_path.name
    async with (
        Middleman(redis.port) as between,
        seeded(redis, gateway) as store,
        worker(between.port, gateway, patience=0.3) as counters,
    ):
        await counters.reserve("kept", [want(20)])
        between.deaf = True
        with pytest.raises(CountersAway, match="did not answer"):
            await counters.reserve("lost", [want(50)])
        between.deaf = False
        await until(lambda: counters.away is None)
        await until(lambda: store.held([RULE]), lambda held: held == {"r|a": 20})


async def test_a_call_that_left_while_it_asked_holds_nothing(redis: RedisServer, tmp_path: Path) -> None:
    gateway = tmp_path.name
    async with seeded(redis, gateway) as store, worker(redis.port, gateway) as counters:
        await until(lambda: counters.away is None)
        asking = asyncio.create_task(counters.reserve("1", [want(50)]))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        counters.settle("1", (), None)
        assert (await counters.reserve("2", [want(1)])).in_the_way == -1, "the store has answered the first by now"
        await until(lambda: store.held([RULE]), lambda held: held == {"r|a": 1})


async def test_while_the_store_is_away_nobody_waits_and_what_was_used_is_told_later(tmp_path: Path) -> None:
    with redis_server(tmp_path) as redis:
        async with seeded(redis, "g") as store, worker(redis.port, "g") as counters:
            await counters.reserve("1", [want(50)])
            store.close()
            redis.kill()
            await until(lambda: counters.away is not None)
            with pytest.raises(CountersAway, match="is away"):
                await counters.reserve("2", [want(1)])
            counters.settle("1", [Used("r|a", 60, 7)], (f"{RUN}-000001", 10))
            counters.settle("2", [Used("r|a", 60, 8)], (f"{RUN}-000001", 20))
            assert counters.owed == 2
            redis.start()
            await until(lambda: not counters.owed)
            again = await open_store(read_url(redis.url), "g")
            assert (await again.seen()).seeded == frozenset(), "another store, whatever it remembers"
            attempt = await again.begin([token(RULE)], "20260101T000000Z")
            assert await again.seal(attempt, [token(RULE)], {f"{RUN}-000001": 20}, [])
            again.close()


async def test_what_calls_in_flight_hold_is_told_to_a_store_that_has_forgotten(tmp_path: Path) -> None:
    with redis_server(tmp_path) as redis:
        async with seeded(redis, "g") as store, worker(redis.port, "g") as counters:
            await counters.reserve("1", [want(50), Asked("running|ann", 0, 0, 1, 1)])
            store.close()
            redis.kill()
            redis.forget()
            redis.start()
            await until(lambda: counters.away is None)
            again = await open_store(read_url(redis.url), "g")
            both = {"r|a": 50, "running|ann": 1}
            await until(lambda: again.held([RULE, RUNNING]), lambda held: held == both)
            assert (await counters.reserve("2", [Asked("running|ann", 0, 0, 1, 1)])).in_the_way == 0
            again.close()


async def test_after_an_outage_calls_are_let_in_at_once_and_what_is_owed_is_told_meanwhile(tmp_path: Path) -> None:
    calls = 5000
    with redis_server(tmp_path) as redis:
        async with worker(redis.port, "g", patience=0.25) as counters:
            await until(lambda: counters.away is None)
            redis.kill()
            await until(lambda: counters.away is not None)
            for n in range(1, calls + 1):
                counters.settle(str(n), [Used("r|a", bucket, 1) for bucket in range(4)], (f"{RUN}-000001", n))
            assert counters.owed == calls
            redis.start()
            await until(lambda: counters.away is None)
            assert (await counters.reserve("x", [Asked("running|ann", 0, 0, 1, 1)])).in_the_way == -1
            assert counters.owed > calls // 2, "the reservation has not waited for all of it"
            await until(lambda: not counters.owed)
            assert counters.away is None
            assert redis.ask("LLEN", f"{Names('g').tail}") == f":{4 * calls}", "each of them once"


async def test_when_more_is_owed_than_is_kept_all_is_counted_anew(
    redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deeds_module, "MOST_OWED", 5)
    gateway = tmp_path.name
    async with (
        Middleman(redis.port) as between,
        seeded(redis, gateway) as store,
        worker(between.port, gateway) as counters,
    ):
        await counters.reserve("0", [want(50)])
        between.deaf = True
        for n in range(10):
            counters.settle(str(n), [Used("r|a", 60, 1)], (f"{RUN}-000001", n + 1))
        between.deaf = False
        between.cut()
        await until(store.seen, lambda seen: seen.seeded == frozenset())
        await until(lambda: store.held([RULE]), lambda held: held == {})
        assert counters.owed == 0


async def test_counters_that_are_being_counted_are_waited_for_but_not_for_ever(
    redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = tmp_path.name
    store = await open_store(read_url(redis.url), gateway)
    attempt = await store.begin([token(RULE)], "20260101T000000Z")
    async with worker(redis.port, gateway) as counters:
        waiting = asyncio.create_task(counters.reserve("1", [want(1)]))
        await until(lambda: counters.away is None)
        await store.seal(attempt, [token(RULE)], {}, [])
        assert (await waiting).in_the_way == -1
        await store.unseed([token(RULE)])
        monkeypatch.setattr(counters_module, "SEEDED_SECONDS", 0.1)
        with pytest.raises(CountersAway, match="being filled"):
            await counters.reserve("2", [want(1)])
    store.close()


async def test_calls_that_hold_longer_than_any_call_lasts_are_let_go_of(redis: RedisServer, tmp_path: Path) -> None:
    gateway = tmp_path.name
    hours_ago = (time.time_ns() // 1_000_000) - 2 * 3_600_000
    empty, lost, later = (f"{hours_ago + n:012x}-{n}" for n in range(3))
    async with seeded(redis, gateway) as store, worker(redis.port, gateway) as counters:
        for call_id in (empty, lost, later, new_call_id()):
            await counters.reserve(call_id, [want(10)])
        counters.let_go(empty, ["r|a"])  # between two tries it holds nothing
        counters.forget({})
        await until(lambda: store.held([RULE]), lambda held: held == {"r|a": 10})
        assert counters.held() == {"r|a": 10}


async def test_but_not_those_that_wait_for_their_time(redis: RedisServer, tmp_path: Path) -> None:
    gateway = tmp_path.name
    deferred = f"{(time.time_ns() // 1_000_000) - 24 * 3_600_000:012x}-1"
    async with seeded(redis, gateway) as store, worker(redis.port, gateway) as counters:
        await counters.reserve(deferred, [want(10)])
        counters.lasting.add(deferred)
        counters.forget({})
        assert counters.held() == {"r|a": 10}
        counters.settle(deferred, (), None)
        assert (counters.held(), counters.lasting) == ({}, set())
        await until(lambda: store.held([RULE]), lambda held: held == {})


async def test_scripts_that_the_store_has_forgotten_are_taught_again(redis: RedisServer, tmp_path: Path) -> None:
    gateway = tmp_path.name
    async with seeded(redis, gateway) as store, worker(redis.port, gateway) as counters:
        await counters.reserve("1", [want(50)])
        redis.ask("SCRIPT", "FLUSH")
        counters.settle("1", [Used("r|a", 60, 7)], (f"{RUN}-000001", 10))
        await until(lambda: store.taken([RULE]), lambda taken: taken == {"r|a": {60: 7}})


async def test_a_worker_says_which_rules_it_counts(redis: RedisServer, tmp_path: Path) -> None:
    gateway = tmp_path.name
    other = msgspec.structs.replace(RULE, window=Window(seconds=120))
    async with seeded(redis, gateway) as store, worker(redis.port, gateway) as counters:
        await until(lambda: store.counting(RUN), lambda said: said == counting([RULE]))
        counters.configure(["r"], [], [other])
        await until(lambda: store.counting(RUN), lambda said: said == counting([other]))
