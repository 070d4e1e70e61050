"""The stage: what becomes of the cache when other things change."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatewatch.paths import Home
from gatewatch.providers.quirks import Quirks
from proxy.routing import CacheRule
from tests.kit.cache_stage import CacheStage, cache_stage, told
from tests.kit.scripted_upstream import Conversation, chat_reply, http, scripted_upstream


async def answering(conversation: Conversation) -> None:
    while True:
        await conversation.request()
        conversation.send(http(200, chat_reply()))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[CacheStage]:
    async with (
        scripted_upstream(answering) as upstream,
        cache_stage(Home(tmp_path).make(), upstream.url.removesuffix("/v1")) as stage,
    ):
        yield stage


def redeclared(stage: CacheStage, **changed: Any) -> None:
    settings = stage.gateway.settings
    openai = msgspec.structs.replace(settings.providers["openai"], **changed)
    stage.gateway.configure(msgspec.structs.replace(settings, providers={"openai": openai}))


@pytest.mark.parametrize(
    "changed",
    [
        {"region": "us"},
        {"data_class": "public"},
        {"query": "api-version=2"},
        {"headers": {"x-model-revision": "2"}},
        {"quirks": Quirks(reasoning_outside=True)},
    ],
)
async def test_a_provider_that_is_declared_otherwise_has_not_answered_before(
    stage: CacheStage, changed: dict[str, Any]
) -> None:
    assert told(await stage.ask())[0] == "miss"
    redeclared(stage, **changed)
    assert told(await stage.ask())[0] == "miss"


async def test_another_key_at_the_provider_gives_the_same_answers(stage: CacheStage) -> None:
    assert told(await stage.ask())[0] == "miss"
    redeclared(stage, keys=())
    assert told(await stage.ask())[0] == "hit"


async def test_another_version_of_a_route_has_its_own_answers(stage: CacheStage) -> None:
    assert told(await stage.ask())[0] == "miss"
    settings = stage.gateway.settings
    talk = msgspec.structs.replace(settings.routes["talk"], version="v2")
    stage.gateway.configure(msgspec.structs.replace(settings, routes={"talk": talk}))
    assert told(await stage.ask())[0] == "miss"


async def test_a_reply_that_is_too_large_is_not_kept(stage: CacheStage) -> None:
    stage.keep(CacheRule(ttl=600), entry=10)
    for _ in range(2):
        assert told(await stage.ask())[0] == "miss"


async def test_counting_tokens_has_nothing_to_do_with_it(stage: CacheStage) -> None:
    reply = await stage.ask("count_tokens")
    assert reply.status == 200
    assert told(reply)[0] is None


async def test_too_many_tags_are_told(stage: CacheStage) -> None:
    assert (await stage.ask(headers={"x-gatewatch-cache-tags": "x" * 65})).status == 400


async def test_a_full_disk_gives_no_hits(stage: CacheStage) -> None:
    await stage.ask()
    stage.gateway.journal.full = True
    assert (await stage.ask()).status == 503
