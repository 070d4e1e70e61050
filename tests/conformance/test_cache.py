"""The exact cache, over sockets: who gets which reply again, what it is held to, and what its row says."""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec.structs import replace

from gatewatch.paths import Home
from proxy.routing import CacheRule
from proxy.settings import Limiting, Override, Pacing
from proxy.worker.caching.flight import Follower
from proxy.worker.caching.invalidation import Invalidation
from proxy.worker.inbound import Inbound
from tests.kit.cache_stage import CacheStage, cache_stage, told
from tests.kit.limit_stage import BODIES
from tests.kit.raw_http import RawReply, ask, connect, read_reply, request
from tests.kit.running import sandbox
from tests.kit.scripted_upstream import (
    DONE,
    LAST_CHUNK,
    STREAM_HEAD,
    Conversation,
    Script,
    ScriptedUpstream,
    chat_reply,
    chunk,
    delta,
    http,
    scripted_upstream,
    silence,
    usage_event,
)
from tests.kit.waiting import eventually

USAGE = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
COST_PICOS = 210_000_000
"""1,000 tokens in at 0.15 USD a million, 100 out at 0.60."""
PLAIN_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
ENDPOINTS = [name for name in BODIES if name != "count_tokens"]


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sandbox(tmp_path_factory.mktemp("cache")) as running:
        yield running.listen


@pytest.fixture
async def stage(tmp_path: Path, provider: str) -> AsyncIterator[CacheStage]:
    async with cache_stage(Home(tmp_path).make(), provider) as stage:
        yield stage


def route_of(endpoint: str) -> str:
    return "embed" if endpoint == "embeddings" else "talk"


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_a_hit_is_the_miss_byte_for_byte(stage: CacheStage, endpoint: str) -> None:
    miss = await stage.ask(endpoint, route=route_of(endpoint))
    hit = await stage.ask(endpoint, route=route_of(endpoint))
    assert (miss.status, hit.status) == (200, 200), miss.body
    assert told(miss) == ("miss", miss.body)
    assert told(hit) == ("hit", miss.body)
    assert hit.headers["age"] == "0"
    assert "age" not in miss.headers
    assert hit.headers["content-type"] == miss.headers["content-type"]
    assert hit.headers["x-gatewatch-call-id"] != miss.headers["x-gatewatch-call-id"]
    assert hit.headers["x-gatewatch-cost-usd"] in ("0", "0.000000000000")


@pytest.mark.parametrize("endpoint", ["chat", "completions", "responses", "messages"])
async def test_a_streamed_hit_is_the_miss_byte_for_byte(stage: CacheStage, endpoint: str) -> None:
    miss = await stage.ask(endpoint, stream=True)
    hit = await stage.ask(endpoint, stream=True)
    (was, missed), (now, body) = told(miss), told(hit)
    assert (was, now) == ("miss", "hit")
    assert body == missed
    assert hit.headers["content-type"] == miss.headers["content-type"]
    assert hit.headers["x-gatewatch-call-id"].encode() in hit.body, "its own comment"
    assert b"cost_usd=0" in hit.body
    plain = await stage.ask(endpoint)
    assert told(plain)[0] == "miss", "another form of the same is another answer"


async def test_the_row_of_a_hit_says_what_it_did_not_cost(stage: CacheStage) -> None:
    miss, hit = await stage.ask(), await stage.ask()
    bought, given = stage.row(miss), stage.row(hit)
    assert bought["cache"] == "miss"
    assert "avoided_picos" not in bought
    assert (given["status"], given["http_status"], given["cache"]) == ("cached", 200, "hit")
    assert (given["provider"], given["model"]) == (bought["provider"], bought["model"])
    assert given["avoided_picos"] == bought["cost_picos"] > 0
    assert given["answer_of"] == bought["call_id"]
    for absent in ("cost_picos", "input_uncached_tokens", "output_tokens", "attempts", "upstream_us", "error_kind"):
        assert absent not in given, absent
    assert given["route"] == "talk"
    assert hit.headers["x-gatewatch-attempts"] == "0"


async def test_two_tenants_never_share(stage: CacheStage) -> None:
    other, sister = stage.key("other", "finance"), stage.key("sister", "search")
    assert told(await stage.ask())[0] == "miss"
    assert told(await stage.ask(secret=other))[0] == "miss"
    assert told(await stage.ask(secret=sister))[0] == "hit", "keys of one team share"
    stage.keep(CacheRule(ttl=600, by_key=True))
    assert told(await stage.ask())[0] == "miss"
    assert told(await stage.ask(secret=sister))[0] == "miss", "unless each key has its own"
    assert told(await stage.ask())[0] == "hit"


async def test_a_route_without_a_cache_says_nothing_of_one(stage: CacheStage) -> None:
    stage.keep(None)
    first, again = await stage.ask(), await stage.ask()
    assert told(first)[0] is None
    assert told(again)[0] is None
    assert "cache" not in stage.row(again)


@pytest.mark.parametrize(
    ("headers", "first", "then", "afterwards"),
    [
        ({"Cache-Control": "no-store"}, "bypass", "bypass", "miss"),
        ({"x-gatewatch-cache": "bypass"}, "bypass", "bypass", "miss"),
        ({"Cache-Control": "no-cache"}, "miss", "miss", "hit"),
        ({"x-gatewatch-cache": "refresh"}, "miss", "miss", "hit"),
        ({"Cache-Control": "max-age=0"}, "miss", "miss", "hit"),
        ({"Cache-Control": "max-age=60"}, "miss", "hit", "hit"),
    ],
)
async def test_callers_say_what_they_want_of_the_cache(
    stage: CacheStage, headers: dict[str, str], first: str, then: str, afterwards: str
) -> None:
    assert told(await stage.ask(headers=headers))[0] == first
    assert told(await stage.ask(headers=headers))[0] == then
    assert told(await stage.ask())[0] == afterwards


async def test_a_reply_is_given_for_as_long_as_its_route_says(stage: CacheStage) -> None:
    stage.keep(CacheRule(ttl=0.05))
    assert told(await stage.ask())[0] == "miss"
    kept = time.monotonic()
    await eventually(lambda: time.monotonic() - kept > 0.05)
    assert told(await stage.ask())[0] == "miss"


async def test_an_error_is_not_kept(stage: CacheStage) -> None:
    for _ in range(2):
        failed = await stage.ask(headers={"x-sandbox-fault": "400"}, route="talk-after-500")
        assert failed.status == 400 or failed.status == 502
        assert "cached" not in stage.row(failed)["status"]


async def test_what_depends_on_a_state_is_asked_each_time(stage: CacheStage) -> None:
    hosted = {"tools": [{"type": "web_search"}]}
    for _ in range(2):
        assert told(await stage.ask("responses", background=False))[0] is not None
    for said in (hosted, {"previous_response_id": "resp_1"}):
        reply = await stage.ask("responses", **said)
        if reply.status == 200:
            assert told(reply)[0] == "bypass"
        assert stage.row(reply).get("cache") in ("bypass", None)


# singleflight


class Gated:
    """An upstream that answers when it is told to."""

    def __init__(self, stream: bool) -> None:
        self.stream = stream
        self.go = asyncio.Event()
        self.end = asyncio.Event()

    async def __call__(self, conversation: Conversation) -> None:
        while True:
            await conversation.request()
            await self.go.wait()
            if not self.stream:
                conversation.send(http(200, chat_reply(USAGE)))
                continue
            conversation.send(STREAM_HEAD + chunk(delta("Hello ")))
            await self.end.wait()
            conversation.send(chunk(delta("you", "stop") + usage_event(USAGE) + DONE) + LAST_CHUNK)


@asynccontextmanager
async def flying(tmp_path: Path, script: Script) -> AsyncIterator[tuple[CacheStage, ScriptedUpstream]]:
    async with (
        scripted_upstream(script) as upstream,
        cache_stage(Home(tmp_path).make(), upstream.url.removesuffix("/v1")) as stage,
    ):
        yield stage, upstream


async def all_in(stage: CacheStage, number: int, leading: int = 1) -> None:
    """So many calls are in flight, so many of them lead and the others follow."""

    def are_in() -> bool:
        waiting = [inbound for inbound in stage.gateway.in_flight if isinstance(inbound.waiting, Follower)]
        return len(waiting) == number - leading and len(stage.gateway.in_flight) == number

    await eventually(are_in)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_thousand_identical_calls_in_flight_reach_the_provider_once(tmp_path: Path, stream: bool) -> None:
    script = Gated(stream)
    async with flying(tmp_path, script) as (stage, upstream):
        asked = stage.request(stream=stream)
        calls = [asyncio.create_task(ask(stage.port, asked)) for _ in range(1000)]
        await all_in(stage, 1000)
        script.go.set()
        script.end.set()
        replies = await asyncio.gather(*calls)
        await stage.quiet()
        assert len(upstream.requests) == 1
        assert {reply.status for reply in replies} == {200}
        assert len({told(reply)[1] for reply in replies}) == 1
        assert sorted(str(told(reply)[0]) for reply in replies) == ["hit"] * 999 + ["miss"]
        rows = stage.rows()
        assert len(rows) == 1000
        assert sum(row.get("cost_picos", 0) for row in rows) == COST_PICOS
        assert sum(row.get("avoided_picos", 0) for row in rows) == 999 * COST_PICOS
        assert not stage.gateway.held()


async def test_a_stream_reaches_followers_as_it_comes(tmp_path: Path) -> None:
    script = Gated(stream=True)
    async with flying(tmp_path, script) as (stage, upstream):
        asked = stage.request(stream=True)
        leading = asyncio.create_task(ask(stage.port, asked))
        await eventually(lambda: len(upstream.requests) == 1)
        script.go.set()
        await eventually(lambda: any(inbound.content_started for inbound in stage.gateway.in_flight))
        async with connect(stage.port) as (reader, writer):
            writer.write(asked)
            seen = await reader.readuntil(b"Hello ")
            assert b"x-gatewatch-cache: hit" in seen, "from its beginning, while the rest is still to come"
            script.end.set()
            assert b"[DONE]" in await reader.readuntil(b"0\r\n\r\n")
        assert (await leading).status == 200
        assert len(upstream.requests) == 1


async def test_a_failure_of_the_provider_is_told_to_all_who_wait(tmp_path: Path) -> None:
    go = asyncio.Event()

    async def broken(conversation: Conversation) -> None:
        while True:
            await conversation.request()
            await go.wait()
            conversation.send(http(500, b'{"error": {"message": "broken"}}'))

    async with flying(tmp_path, broken) as (stage, upstream):
        calls = [asyncio.create_task(ask(stage.port, stage.request())) for _ in range(50)]
        await all_in(stage, 50)
        go.set()
        replies = await asyncio.gather(*calls)
        assert {reply.status for reply in replies} == {502}
        assert len(upstream.requests) == 1, "no storm"
        await stage.quiet()
        assert sum(row.get("cost_picos", 0) for row in stage.rows()) == 0
        assert {row["error_kind"] for row in stage.rows()} == {"upstream_error"}
        assert not stage.gateway.held()


async def test_the_exchange_goes_on_for_the_others_when_its_client_leaves(tmp_path: Path) -> None:
    script = Gated(stream=True)
    async with flying(tmp_path, script) as (stage, upstream):
        asked = stage.request(stream=True)
        async with connect(stage.port) as (_, writer):
            writer.write(asked)
            await eventually(lambda: len(upstream.requests) == 1)
            following = asyncio.create_task(ask(stage.port, asked))
            await all_in(stage, 2)
        await eventually(lambda: any(inbound.request.gone for inbound in stage.gateway.in_flight))
        script.go.set()
        script.end.set()
        reply = await following
        assert reply.status == 200
        assert b"Hello " in reply.body
        await stage.quiet()
        assert len(upstream.requests) == 1
        assert sorted(row["status"] for row in stage.rows()) == ["cached", "client_closed"]
        left = next(row for row in stage.rows() if row["status"] == "client_closed")
        assert left["cost_picos"] == COST_PICOS, "it bought the reply"


@pytest.mark.parametrize("stream", [True, False])
async def test_a_leader_that_does_not_read_holds_up_nobody_else(tmp_path: Path, stream: bool) -> None:
    enough = asyncio.Event()

    async def long(conversation: Conversation) -> None:
        await conversation.request()
        begin, end = chat_reply(USAGE, text="...").split(b"...")
        conversation.send(STREAM_HEAD if stream else PLAIN_HEAD + chunk(begin))
        while not enough.is_set():
            conversation.send(chunk(delta("x" * 200_000) if stream else b"x" * 200_000))
            await conversation.flushed()
        last = delta("you", "stop") + usage_event(USAGE) + DONE if stream else end
        conversation.send(chunk(last) + LAST_CHUNK)

    async with flying(tmp_path, long) as (stage, upstream):
        stage.keep(entry=64 << 20, size=128 << 20)
        asked = stage.request(stream=stream)
        async with connect(stage.port) as (reader, writer):
            cast(asyncio.ReadTransport, writer.transport).pause_reading()
            writer.write(asked)
            await eventually(lambda: any(each.request.connection.writing_paused for each in stage.gateway.in_flight))
            following = asyncio.create_task(ask(stage.port, asked))
            await all_in(stage, 2)
            enough.set()
            async with asyncio.timeout(10):
                followed = await following
            cast(asyncio.ReadTransport, writer.transport).resume_reading()
            led = await read_reply(reader)
        assert (led.status, followed.status, len(upstream.requests)) == (200, 200, 1)
        assert told(led)[1] == told(followed)[1], "it gets all of it when it reads on"
        await stage.quiet()
        assert sorted(row["status"] for row in stage.rows()) == ["cached", "ok"]


async def test_a_long_plain_reply_is_bought_once_though_its_client_leaves(tmp_path: Path) -> None:
    rest, body = asyncio.Event(), chat_reply(USAGE, text="x" * (3 << 20))

    async def long(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(PLAIN_HEAD + chunk(body[: 2 << 20]))
        await rest.wait()
        conversation.send(chunk(body[2 << 20 :]) + LAST_CHUNK)

    async with flying(tmp_path, long) as (stage, upstream):
        asked = stage.request()
        async with connect(stage.port) as (reader, writer):
            writer.write(asked)
            await reader.readuntil(b"\r\n\r\n")
            following = asyncio.create_task(ask(stage.port, asked))
            await all_in(stage, 2)
        await eventually(lambda: any(inbound.request.gone for inbound in stage.gateway.in_flight))
        rest.set()
        assert (await following).body == body
        assert len(upstream.requests) == 1


async def test_followers_of_a_call_whose_client_left_have_its_last_resort(tmp_path: Path) -> None:
    go = asyncio.Event()

    async def broken(conversation: Conversation) -> None:
        while True:
            await conversation.request()
            await go.wait()
            conversation.send(http(500, b'{"error": {"message": "broken"}}'))

    async with flying(tmp_path, broken) as (stage, upstream):
        settings = stage.gateway.settings
        sorry = {name: replace(route, stored_reply="Sorry.") for name, route in settings.routes.items()}
        stage.gateway.configure(replace(settings, routes=sorry))
        asked = stage.request()
        async with connect(stage.port) as (_, writer):
            writer.write(asked)
            await eventually(lambda: len(upstream.requests) == 1)
            following = asyncio.create_task(ask(stage.port, asked))
            await all_in(stage, 2)
        await eventually(lambda: any(inbound.request.gone for inbound in stage.gateway.in_flight))
        go.set()
        reply = await following
        assert (reply.status, reply.headers.get("x-gatewatch-degraded")) == (200, "stored_reply")


async def test_an_urgent_call_does_not_wait_behind_others_with_a_batch_call(tmp_path: Path) -> None:
    script, served = Gated(stream=False), []
    async with flying(tmp_path, script) as (stage, upstream):
        stage.gateway.configure(replace(stage.gateway.settings, pacing=Pacing(routes={"talk": 1})))

        async def one(name: str, seed: int, priority: str = "normal") -> None:
            asked = stage.request(seed=seed, headers={"x-gatewatch-priority": priority})
            assert (await ask(stage.port, asked)).status == 200
            served.append(name)

        def is_settled(inbound: Inbound) -> bool:
            return bool(inbound.waiting or inbound.attempts)

        calls = [asyncio.create_task(one("running", 1))]
        await eventually(lambda: len(upstream.requests) == 1)
        in_flight = stage.gateway.in_flight
        for name, seed, priority in (
            *(("batch", 2, "batch"), ("normal", 3, "normal")),
            *(("urgent", 2, "urgent"), ("as urgent", 2, "batch")),
        ):
            calls.append(asyncio.create_task(one(name, seed, priority)))
            await eventually(lambda: len(in_flight) == len(calls) and all(map(is_settled, in_flight)))
        script.go.set()
        await asyncio.gather(*calls)
        assert set(served[1:3]) == {"urgent", "as urgent"}
        assert served[3:] == ["normal", "batch"]


async def test_when_all_have_left_the_exchange_ends(tmp_path: Path) -> None:
    async with flying(tmp_path, silence) as (stage, upstream):
        asked = stage.request(stream=True)
        async with connect(stage.port) as (_, first), connect(stage.port) as (_, second):
            first.write(asked)
            await eventually(lambda: len(upstream.requests) == 1)
            second.write(asked)
            await all_in(stage, 2)
        await (await upstream.conversation(0)).left()
        await stage.quiet()
        assert {row["status"] for row in stage.rows()} == {"client_closed"}


async def test_a_revoked_leader_is_followed_by_the_next(tmp_path: Path) -> None:
    script = Gated(stream=False)
    async with flying(tmp_path, script) as (stage, upstream):
        secret = stage.key("leaving", "search")
        leading = asyncio.create_task(ask(stage.port, stage.request(secret=secret)))
        await eventually(lambda: len(upstream.requests) == 1)
        following = [asyncio.create_task(ask(stage.port, stage.request())) for _ in range(20)]
        await all_in(stage, 21)
        stage.revoke("leaving")
        assert (await leading).status == 401
        await eventually(lambda: len(upstream.requests) == 2)
        script.go.set()
        assert {reply.status for reply in await asyncio.gather(*following)} == {200}
        await stage.quiet()
        assert len(upstream.requests) == 2
        assert sorted(row["cache"] for row in stage.rows() if row["http_status"] == 200) == ["hit"] * 19 + ["miss"]


async def test_a_used_up_leader_is_followed_by_the_next(tmp_path: Path) -> None:
    script = Gated(stream=False)
    script.go.set()
    async with flying(tmp_path, script) as (stage, upstream):
        once, flights = stage.key("once", "search", max_uses=1), stage.gateway.cache
        locked = sqlite3.connect(stage.home.control, isolation_level=None)
        locked.execute("BEGIN IMMEDIATE")  # so that both of its calls lead, and wait for their use
        leading = [asyncio.create_task(ask(stage.port, stage.request(secret=once, seed=seed))) for seed in (1, 2)]
        await eventually(lambda: flights.state.in_flight == 2)
        following = [asyncio.create_task(ask(stage.port, stage.request(seed=seed))) for seed in (1, 2)]
        await all_in(stage, 4, leading=2)
        locked.close()
        assert sorted(reply.status for reply in await asyncio.gather(*leading)) == [200, 401]
        assert [reply.status for reply in await asyncio.gather(*following)] == [200, 200], "their key is good"
        assert len(upstream.requests) == 2


async def test_a_ceiling_on_cost_is_told_to_all_who_have_the_same(tmp_path: Path) -> None:
    go = asyncio.Event()

    async def endless(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(STREAM_HEAD + chunk(delta("Hello ")))
        await go.wait()
        conversation.send(chunk(delta("x" * 20_000)))
        await conversation.left()

    async with flying(tmp_path, endless) as (stage, upstream):
        asked = stage.request(stream=True, headers={"x-gatewatch-max-cost-usd": "0.0005"}, max_tokens=20_000)
        calls = [asyncio.create_task(ask(stage.port, asked)) for _ in range(4)]
        await all_in(stage, 4)
        await eventually(lambda: all(inbound.content_started for inbound in stage.gateway.in_flight))
        go.set()
        for reply in await asyncio.gather(*calls):
            assert [event["error"]["code"] for event in reply.events if "error" in event] == ["cost_ceiling"]
        await stage.quiet()
        assert len(upstream.requests) == 1, "nobody pays up to it again"
        assert {row["error_kind"] for row in stage.rows()} == {"cost_ceiling"}


async def test_a_follower_is_cut_off_with_its_key(tmp_path: Path) -> None:
    script = Gated(stream=False)
    async with flying(tmp_path, script) as (stage, upstream):
        leading = asyncio.create_task(ask(stage.port, stage.request()))
        await eventually(lambda: len(upstream.requests) == 1)
        following = asyncio.create_task(ask(stage.port, stage.request(secret=stage.key("leaving", "search"))))
        await all_in(stage, 2)
        stage.revoke("leaving")
        assert (await following).status == 401
        script.go.set()
        assert (await leading).status == 200


async def test_those_that_have_begun_end_in_one_error_event_when_the_leader_is_revoked(tmp_path: Path) -> None:
    script = Gated(stream=True)
    async with flying(tmp_path, script) as (stage, upstream):
        leading = asyncio.create_task(
            ask(stage.port, stage.request(secret=stage.key("leaving", "search"), stream=True))
        )
        await eventually(lambda: len(upstream.requests) == 1)
        following = asyncio.create_task(ask(stage.port, stage.request(stream=True)))
        await all_in(stage, 2)
        script.go.set()
        await eventually(lambda: all(inbound.content_started for inbound in stage.gateway.in_flight))
        stage.revoke("leaving")
        cut, ended = await asyncio.gather(leading, following)
        assert [event["error"]["code"] for event in ended.events if "error" in event] == ["upstream_truncated"]
        assert [event["error"]["code"] for event in cut.events if "error" in event] == ["key_revoked"]
        assert b"[DONE]" not in ended.body
        await stage.quiet()
        assert {row["status"] for row in stage.rows()} == {"truncated"}
        assert stage.row(ended).get("cost_picos", 0) == 0
        script.end.set()
        assert told(await stage.ask(stream=True))[0] == "miss"
        assert len(upstream.requests) == 2, "what was broken off is not kept"


# what a hit is held to


async def test_a_paused_key_gets_no_hit(stage: CacheStage) -> None:
    await stage.ask()
    stage.gateway.limit(Limiting(overrides=(Override(kind="pause", scope="key", name=stage.key_id, because="a test"),)))
    paused = await stage.ask()
    assert paused.status == 403
    assert "cache" not in stage.row(paused)


async def test_a_hit_is_one_of_the_calls_that_a_key_may_make(stage: CacheStage) -> None:
    secret = stage.key("few", "search", max_uses=2)
    assert [(await stage.ask(secret=secret)).status for _ in range(3)] == [200, 200, 401]


async def test_a_hit_is_held_to_its_keys_models(stage: CacheStage) -> None:
    await stage.ask()
    refused = await stage.ask(secret=stage.key("embedder", "search", models=["embed"]))
    assert refused.status == 403


# invalidation


async def invalidated(stage: CacheStage, secret: str | None = None, **which: Any) -> RawReply:
    headers = {"Authorization": f"Bearer {secret or stage.secret}"}
    reply = await ask(stage.port, request("POST", "/v1/cache/invalidate", json.dumps(which).encode(), headers))
    await stage.quiet()
    return reply


@pytest.mark.parametrize(
    ("which", "is_gone"),
    [
        ({"tags": ["prices"]}, True),
        ({"tags": ["bots", "nothing"]}, True),
        ({"tags": ["nothing"]}, False),
        ({"route": "talk"}, True),
        ({"route": "embed"}, False),
        ({"model": "talk"}, True),
        ({"model": "openai/gpt-4o-mini"}, True),
        ({"model": "gpt-5"}, False),
        ({"route": "talk", "tags": ["nothing"]}, False),
        ({"all": True}, True),
    ],
)
async def test_callers_invalidate_their_own(stage: CacheStage, which: dict[str, Any], is_gone: bool) -> None:
    stage.keep(CacheRule(ttl=600, tags=("bots",)))
    other = stage.key("other", "finance")
    tags = {"x-gatewatch-cache-tags": "prices, catalogue"}
    await stage.ask(headers=tags)
    await stage.ask(headers=tags, secret=other)
    said = await invalidated(stage, **which)
    assert (said.status, said.json) == (200, {"invalidated": int(is_gone)})
    assert told(await stage.ask())[0] == ("miss" if is_gone else "hit")
    assert told(await stage.ask(secret=other))[0] == "hit", "others keep theirs"


@pytest.mark.parametrize(
    "body", [{}, {"all": True, "route": "talk"}, {"team": "finance"}, {"tags": "prices"}, {"tags": ["x" * 65]}]
)
async def test_an_invalidation_that_is_not_clear_is_refused(stage: CacheStage, body: dict[str, Any]) -> None:
    assert (await invalidated(stage, **body)).status == 400


async def test_what_is_invalidated_while_it_is_bought_is_not_kept(tmp_path: Path) -> None:
    script = Gated(stream=False)
    async with flying(tmp_path, script) as (stage, upstream):
        leading = asyncio.create_task(ask(stage.port, stage.request()))
        await eventually(lambda: len(upstream.requests) == 1)
        stage.gateway.cache.invalidate(Invalidation(route="talk"))
        later = asyncio.create_task(ask(stage.port, stage.request()))
        await eventually(lambda: len(upstream.requests) == 2)
        script.go.set()
        assert [told(reply)[0] for reply in await asyncio.gather(leading, later)] == ["miss", "miss"]
        await stage.quiet()
        assert told(await stage.ask())[0] == "hit", "the second one, which was asked for afterwards"


def test_the_cost_is_reckoned_by_hand() -> None:
    assert COST_PICOS == 1000 * 150_000 + 100 * 600_000
    assert json.loads(chat_reply(USAGE))["usage"] == USAGE
