"""Replies that workers share: two gateways of one pepper in front of one provider, and a store that comes and goes."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from gatewatch.paths import Home
from proxy.routing import CacheBounds, CacheRule
from proxy.worker.caching.invalidation import Invalidation
from tests.kit.cache_stage import TEN_MINUTES, CacheStage, cache_stage, told
from tests.kit.redis_server import RedisServer, redis_server
from tests.kit.scripted_upstream import Conversation, ScriptedUpstream, chat_reply, http, scripted_upstream
from tests.kit.waiting import eventually


async def answering(conversation: Conversation) -> None:
    while True:
        await conversation.request()
        conversation.send(http(200, chat_reply()))


class Two(NamedTuple):
    one: CacheStage
    other: CacheStage
    upstream: ScriptedUpstream


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path / "store") as server:
        yield server


def share(stage: CacheStage, url: str, rule: CacheRule = TEN_MINUTES) -> None:
    stage.configure(rule, cache=CacheBounds(shared=True), limits_url=url)


def forget_own(stage: CacheStage) -> None:
    """What is in the worker's memory, and nothing else."""
    stage.gateway.cache._entries.invalidate(Invalidation())


async def connected(*stages: CacheStage) -> None:
    await eventually(lambda: not any(stage.gateway.cache.state.shared_away for stage in stages))


@pytest.fixture
async def two(tmp_path: Path, store: RedisServer) -> AsyncIterator[Two]:
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(scripted_upstream(answering))
        place = upstream.url.removesuffix("/v1")
        one, other = [
            await stack.enter_async_context(cache_stage(Home(tmp_path / name).make(), place)) for name in ("a", "b")
        ]
        for stage in (one, other):
            share(stage, store.url)
        await connected(one, other)
        yield Two(one, other, upstream)


async def kept_there(store: RedisServer) -> None:
    await eventually(lambda: store.ask("DBSIZE") != ":0")


async def test_what_one_worker_bought_another_gives(two: Two, store: RedisServer) -> None:
    miss = await two.one.ask()
    await kept_there(store)
    hit = await two.other.ask()
    assert (told(miss)[0], told(hit)) == ("miss", ("hit", miss.body))
    assert two.other.row(hit)["answer_of"] == miss.headers["x-gatewatch-call-id"]
    assert two.other.gateway.cache.state.shared_hits == 1
    assert told(await two.other.ask())[0] == "hit"
    assert two.other.gateway.cache.state.shared_hits == 1, "from its own memory, the second time"
    assert len(two.upstream.requests) == 1


async def test_two_tenants_share_nothing_there_either(two: Two, store: RedisServer) -> None:
    await two.one.ask()
    await kept_there(store)
    assert told(await two.other.ask(secret=two.other.key("other", "finance")))[0] == "miss"


@pytest.mark.parametrize(
    ("which", "is_gone"),
    [
        (Invalidation(), True),
        (Invalidation(tags=("prices",)), True),
        (Invalidation(route="talk"), True),
        (Invalidation(model="openai/gpt-4o-mini"), True),
        (Invalidation(team="search"), True),
        (Invalidation(tags=("prices",), tenants=("team:search",)), True),
        (Invalidation(tags=("prices",), tenants=("team:finance",)), False),
        (Invalidation(tags=("nothing",)), False),
        (Invalidation(route="embed"), False),
    ],
)
async def test_an_invalidation_reaches_the_store(
    two: Two, store: RedisServer, which: Invalidation, is_gone: bool
) -> None:
    await two.one.ask(headers={"x-gatewatch-cache-tags": "prices"})
    await kept_there(store)
    two.one.gateway.cache.invalidate(which)
    assert told(await two.other.ask())[0] == ("miss" if is_gone else "hit")


async def test_what_was_invalidated_elsewhere_while_it_was_bought_is_not_given(tmp_path: Path, two: Two) -> None:
    asked, go = asyncio.Event(), asyncio.Event()

    async def slow(conversation: Conversation) -> None:
        while True:
            await conversation.request()
            asked.set()
            await go.wait()
            conversation.send(http(200, chat_reply()))

    two.upstream.script = slow
    buying = asyncio.create_task(two.one.ask())
    await asked.wait()
    two.other.gateway.cache.invalidate(Invalidation(route="talk"))
    await eventually(lambda: not two.other.gateway.cache._shared._owed)  # type: ignore[union-attr]
    go.set()
    await buying
    assert told(await two.other.ask())[0] == "miss"


async def test_a_store_that_is_away_means_misses_and_comes_back(two: Two, store: RedisServer) -> None:
    store.kill()
    began = time.monotonic()
    for _ in range(3):
        assert (await two.one.ask(headers={"cache-control": "no-cache"})).status == 200
    assert time.monotonic() - began < 5
    assert two.one.gateway.cache.state.shared_away
    two.one.gateway.cache.invalidate(Invalidation())
    store.start()
    await connected(two.one, two.other)
    await two.one.ask(seed=1)
    await eventually(lambda: store.ask("DBSIZE") not in (":0", ":1"))
    assert told(await two.other.ask(seed=1))[0] == "hit"


async def test_what_was_invalidated_while_the_store_was_away_is_told_first(two: Two, store: RedisServer) -> None:
    await two.one.ask()
    await kept_there(store)
    store.kill()
    await eventually(lambda: two.one.gateway.cache.state.shared_away)
    two.one.gateway.cache.invalidate(Invalidation(route="talk"))
    store.start()
    await connected(two.one, two.other)
    assert told(await two.one.ask())[0] == "miss"


async def test_a_store_that_hangs_is_waited_for_a_moment_only(tmp_path: Path, two: Two) -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(b":0\r\n")  # whether it is the right node; and nothing more
        await reader.read()
        writer.close()

    server = await asyncio.start_server(deaf, "127.0.0.1", 0)
    async with server:
        two.one.gateway.cache.close()
        share(two.one, f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await connected(two.one)
        began = time.monotonic()
        assert (await two.one.ask(seed=2)).status == 200
        assert time.monotonic() - began < 2
        assert "did not answer" in (two.one.gateway.cache.state.shared_away or "")


async def test_a_reply_has_its_time_there_too(two: Two, store: RedisServer) -> None:
    for stage in (two.one, two.other):
        share(stage, store.url, CacheRule(ttl=0.05))
    await two.one.ask()
    kept = time.monotonic()
    await eventually(lambda: time.monotonic() - kept > 0.05)
    assert told(await two.other.ask())[0] == "miss"


async def test_what_is_no_reply_of_ours_is_none(two: Two, store: RedisServer) -> None:
    await two.one.ask()
    await kept_there(store)
    (key,) = two.one.gateway.cache._entries._entries
    name = f"{two.one.gateway.cache._shared._entries}{key.hex()}"  # type: ignore[union-attr]
    assert store.ask("SET", name, "nonsense") == "+OK"
    assert told(await two.other.ask())[0] == "miss"
    forget_own(two.one)
    assert told(await two.one.ask())[0] == "hit", "which that bought anew"
