"""The control process' side: when a rule counts, and how the dead are settled."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gatewatch.limits.counters import WHOLE, Asked, Seed, Seeds, Used
from gatewatch.limits.rule import Rule
from gatewatch.limits.shared.address import Address, read_url
from gatewatch.limits.shared.connection import StoreAway
from gatewatch.limits.shared.names import token
from gatewatch.limits.shared.store import LimitsStore, open_store
from gatewatch.limits.window import Window
from tests.gatewatch.limits.shared.test_counters import RUN, worker
from tests.kit.redis_server import RedisServer, redis_server
from tests.kit.waiting import until

RULE = Rule(id="r", kind="limit", scope="user", measure="tokens", most=1, window=Window(seconds=60))
T = token(RULE)
SINCE = "20260101T000000Z"


@asynccontextmanager
async def opened(redis: RedisServer) -> AsyncIterator[LimitsStore]:
    store = await open_store(read_url(redis.url), "g")
    yield store
    store.close()


async def test_a_rule_counts_from_its_seal_on(tmp_path: Path) -> None:
    with redis_server(tmp_path) as redis:
        async with opened(redis) as store:
            attempt = await store.begin([T], SINCE)
            await store.fill([RULE], Seeds(rules=("r",), seeds=(Seed("r|a", {60: 5}),)))
            assert (await store.seen()).seeded == frozenset()
            assert await store.seal(attempt, [T], {}, ["run-1"])
            seen = await store.seen()
            assert (seen.seeded, seen.live, seen.since) == ({T}, {"run-1"}, SINCE)
            await store.unseed([T])
            assert (await store.seen()).seeded == frozenset()


async def test_of_two_attempts_the_later_one_counts(tmp_path: Path) -> None:
    with redis_server(tmp_path) as redis:
        async with opened(redis) as store:
            first = await store.begin([T], SINCE)
            second = await store.begin([T], SINCE)
            assert not await store.seal(first, [T], {}, [])
            assert await store.seal(second, [T], {}, [])


async def test_what_a_counter_had_before_is_replaced_and_what_has_none_any_more_is_empty(tmp_path: Path) -> None:
    with redis_server(tmp_path) as redis:
        async with opened(redis) as store:
            await store.begin([T], SINCE)
            await store.fill([RULE], Seeds(rules=("r",), seeds=(Seed("r|a", {60: 5, 61: 6}), Seed("r|b", {60: 7}))))
            await store.fill([RULE], Seeds(rules=("r",), seeds=(Seed("r|a", {61: 8}),)))
            assert await store.taken([RULE]) == {"r|a": {61: 8}}


async def test_a_dead_workers_rest_is_settled_once_and_what_it_held_is_free(tmp_path: Path) -> None:
    rules = {"r": RULE}
    with redis_server(tmp_path) as redis:
        async with opened(redis) as store:
            attempt = await store.begin([T], SINCE)
            await store.seal(attempt, [T], {}, [RUN])
            async with worker(redis.port, "g") as counters:
                await counters.reserve("1", [Asked("r|a", 60, 0, 50, 100)])
                counters.settle("1", [Used("r|a", 60, 7)], (f"{RUN}-000001", 10))
                await counters.reserve("2", [Asked("r|a", 60, 0, 50, 100)])
                await until(lambda: not counters.owed)
                deed, at = await store.fence(RUN)
                assert (deed, at) == (1, (1, 10))
                for _ in range(2):  # whoever goes on where another one died does the same
                    await store.settle(RUN, deed + 1, [Used("r|a", 60, 1)], rules, (f"{RUN}-000001", 20))
                    await store.settle(RUN, deed + 2, [Used("r|a", 60, 2)], rules, (f"{RUN}-000001", WHOLE))
                assert (await store.fence(RUN))[1] == (1, WHOLE)
                await store.bury(RUN)
                assert await store.taken([RULE]) == {"r|a": {60: 10}}
                assert await store.held([RULE]) == {}
                assert (await store.seen()).buried == {RUN}


async def test_what_a_dead_worker_left_that_the_seeds_have_is_not_added_again(tmp_path: Path) -> None:
    with redis_server(tmp_path) as redis:
        async with opened(redis) as store:
            attempt = await store.begin([T], SINCE)
            await store.seal(attempt, [T], {f"{RUN}-000001": 15, f"{RUN}-000002": WHOLE}, [RUN])
            for deed, at in enumerate(((1, 20), (2, WHOLE), (3, 5)), 1):
                await store.fence(RUN)
                await store.settle(RUN, deed, [Used("r|a", 60, 100**deed)], {"r": RULE}, (f"{RUN}-{at[0]:06d}", at[1]))
            assert await store.taken([RULE]) == {"r|a": {60: 100**3}}


async def test_everything_in_the_store_goes_by_itself_some_day(tmp_path: Path) -> None:
    with redis_server(tmp_path) as redis:
        async with opened(redis) as store:
            attempt = await store.begin([T], SINCE)
            await store.fill([RULE], Seeds(rules=("r",), seeds=(Seed("r|a", {60: 5}),)))
            await store.seal(attempt, [T], {}, [RUN])
            await store.fence(RUN)
            await store.keep([RUN])
            keys = await store._connection.ask("KEYS", "*")
            assert isinstance(keys, list)
            assert len(keys) == 4
            for key in keys:
                assert isinstance(lives := await store._connection.ask("PTTL", key), int)
                assert lives > 0, key


async def test_a_store_that_may_forget_is_told_of(tmp_path: Path) -> None:
    with redis_server(tmp_path, "--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru") as redis:
        async with opened(redis) as store:
            assert store.trouble
            assert "allkeys-lru" in store.trouble


async def test_nobody_there_is_said() -> None:
    with pytest.raises(StoreAway, match="cannot be reached"):
        await open_store(Address(host="127.0.0.1", port=1), "g")
