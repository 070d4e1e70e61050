"""The exact cache, over sockets: who gets which reply again, what it is held to, and what its row says."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gatewatch.paths import Home
from proxy.routing import CacheRule
from tests.kit.cache_stage import CacheStage, cache_stage, told
from tests.kit.limit_stage import BODIES
from tests.kit.raw_http import ask
from tests.kit.running import sandbox
from tests.kit.scripted_upstream import (
    DONE,
    LAST_CHUNK,
    STREAM_HEAD,
    Conversation,
    chat_reply,
    chunk,
    delta,
    http,
    scripted_upstream,
    usage_event,
)

USAGE = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
COST_PICOS = 210_000_000
"""1,000 tokens in at 0.15 USD a million, 100 out at 0.60."""
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
    await asyncio.sleep(0.06)  # the promise is a time
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


@pytest.mark.parametrize("stream", [False, True])
async def test_a_thousand_identical_calls_in_flight_reach_the_provider_once(tmp_path: Path, stream: bool) -> None:
    script = Gated(stream)
    async with scripted_upstream(script) as upstream:
        async with cache_stage(Home(tmp_path).make(), upstream.url.removesuffix("/v1")) as stage:
            asked = stage.request(stream=stream)
            calls = [asyncio.create_task(ask(stage.port, asked)) for _ in range(1000)]
            while len(stage.gateway.in_flight) < 1000:
                await asyncio.sleep(0)
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


def test_the_cost_is_reckoned_by_hand() -> None:
    assert COST_PICOS == 1000 * 150_000 + 100 * 600_000
    assert json.loads(chat_reply(USAGE))["usage"] == USAGE
