"""A kept reply goes out: whole where it is whole, and behind what a stream has said before."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from gatewatch.paths import Home
from proxy.worker.streaming.keep_alive import KeepAlive
from tests.kit.cache_stage import cache_stage, told
from tests.kit.raw_http import ask
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
from tests.kit.waiting import eventually

USAGE = {"prompt_tokens": 10, "completion_tokens": 1, "total_tokens": 11}


async def test_who_has_heard_comments_so_far_gets_the_same_frames(tmp_path: Path) -> None:
    """Both have waited so long that their streams were opened; the reply follows, and what headers could not say."""
    go = asyncio.Event()

    async def slow(conversation: Conversation) -> None:
        await conversation.request()
        await go.wait()
        conversation.send(STREAM_HEAD + chunk(delta("Hello", "stop") + usage_event(USAGE) + DONE) + LAST_CHUNK)
        await conversation.gone()

    async with (
        scripted_upstream(slow) as upstream,
        cache_stage(Home(tmp_path).make(), upstream.url.removesuffix("/v1")) as stage,
    ):
        calls = [asyncio.create_task(ask(stage.port, stage.request(stream=True))) for _ in range(3)]
        await eventually(lambda: [each.journalled for each in stage.gateway.in_flight] == [True] * 3)
        KeepAlive(stage.gateway.in_flight, 0.0).sweep()
        go.set()
        replies = await asyncio.gather(*calls)
        await stage.quiet()
        said = sorted(told(reply)[1].count(b"x-gatewatch-cache: hit") for reply in replies)
        assert said == [0, 1, 1], "as comments, for headers were out"
        frames = {
            b"".join(frame for frame in reply.frames if not frame.startswith(b":")) for reply in replies
        }  # fmt: skip
        assert len(frames) == 1
        assert sorted(row["status"] for row in stage.rows()) == ["cached", "cached", "ok"]


async def test_bodies_of_hits_are_kept_as_those_of_any_call(tmp_path: Path) -> None:
    async def prompt(conversation: Conversation) -> None:
        await conversation.request()
        conversation.send(STREAM_HEAD + chunk(delta("Hello", "stop") + usage_event(USAGE) + DONE) + LAST_CHUNK)
        await conversation.gone()

    async with (
        scripted_upstream(prompt) as upstream,
        cache_stage(Home(tmp_path).make(), upstream.url.removesuffix("/v1")) as stage,
    ):
        settings = stage.gateway.settings
        bodies = msgspec.structs.replace(settings.bodies, on=True)
        stage.gateway.configure(msgspec.structs.replace(settings, bodies=bodies))
        kept: list[bytes] = []
        end = stage.gateway.bodies.end
        stage.gateway.bodies.end = lambda inbound: (  # type: ignore[method-assign]
            kept.append(b"".join(inbound.kept.frames) if inbound.kept else b""), end(inbound)
        )[1]  # fmt: skip
        for _ in range(2):
            assert (await stage.ask(stream=True)).status == 200
        assert len(kept) == 2
        assert kept[0] == kept[1]
        assert b"Hello" in kept[1]


@pytest.mark.parametrize("stream", [True, False])
async def test_what_a_follower_waits_for_the_provider_is_none_of_the_gateways_own_time(
    tmp_path: Path, *, stream: bool
) -> None:
    waited = 0.4
    go = asyncio.Event()

    async def slow(conversation: Conversation) -> None:
        await conversation.request()
        await go.wait()
        streamed = STREAM_HEAD + chunk(delta("Hello", "stop") + usage_event(USAGE) + DONE) + LAST_CHUNK
        conversation.send(streamed if stream else http(200, chat_reply()))
        await conversation.gone()

    async with (
        scripted_upstream(slow) as upstream,
        cache_stage(Home(tmp_path).make(), upstream.url.removesuffix("/v1")) as stage,
    ):
        calls = [asyncio.create_task(ask(stage.port, stage.request(stream=stream))) for _ in range(3)]
        await eventually(lambda: [each.journalled for each in stage.gateway.in_flight] == [True] * 3)
        asyncio.get_running_loop().call_later(waited, go.set)
        replies = await asyncio.gather(*calls)
        await stage.quiet()
    rows = stage.rows()
    assert sorted(row["status"] for row in rows) == ["cached", "cached", "ok"]
    for reply in replies:
        assert float(reply.headers["x-gatewatch-overhead-ms"]) < 1000 * waited / 2
    for row in rows:
        assert row["upstream_us"] > 1e6 * waited / 2
        assert row.get("overhead_us", 0) < 1e6 * waited / 2
