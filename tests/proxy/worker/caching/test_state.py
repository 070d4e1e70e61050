"""What a worker tells of its cache."""

from pathlib import Path

from gatewatch.paths import Home
from proxy.routing import CacheRule
from tests.kit.cache_stage import cache_stage
from tests.kit.scripted_upstream import answers, chat_reply, http, scripted_upstream


async def test_everything_that_becomes_of_a_call_is_counted(tmp_path: Path) -> None:
    replies = [http(200, chat_reply()) for _ in range(4)]
    async with (
        scripted_upstream(answers(*replies)) as upstream,
        cache_stage(Home(tmp_path).make(), upstream.url.removesuffix("/v1")) as stage,
    ):
        cache = stage.gateway.cache
        stage.keep(CacheRule(ttl=600), entry=len(chat_reply()))
        for _ in range(3):
            assert (await stage.ask()).status == 200
        assert (await stage.ask(headers={"cache-control": "no-store"})).status == 200
        told = cache.state
        assert (told.hits, told.misses, told.bypassed, told.entries, told.in_flight) == (2, 1, 1, 1, 0)
        assert told.bytes > len(chat_reply())
        stage.keep(CacheRule(ttl=600), size=1)
        assert (cache.state.entries, cache.state.evicted, cache.state.bytes) == (0, 1, 0)
