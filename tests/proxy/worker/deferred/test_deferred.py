"""The stage: who is not concerned does not notice it, and who waits is not answered by halves."""

import msgspec

from proxy.routing import CacheRule, ShortAnswer
from proxy.settings import Target
from tests.kit.deferred_stage import DEFERRED, Stage
from tests.kit.raw_http import ask, request


async def test_calls_that_are_not_deferred_leave_no_trace_of_it(stage: Stage) -> None:
    for priority in ("", "normal", "batch", "urgent"):
        reply = await stage.call("plain", {"x-gatewatch-priority": priority})
        assert reply.status == 200
    assert not stage.home.deferred.exists()
    assert not any(row.get("deferred") for row in stage.rows())


async def test_a_call_that_can_wait_does_not_get_the_last_resort(stage: Stage) -> None:
    """It tries again instead, until its deadline."""
    routes = dict(stage.settings.routes)
    small = ShortAnswer(target=Target(provider="plain", model="gpt-4o-mini"), max_tokens=10, hint="Be short.")
    routes["broken"] = msgspec.structs.replace(routes["broken"], short_answer=small, stored_reply="Sorry.")
    stage.settings = msgspec.structs.replace(stage.settings, routes=routes)
    stage.gateway.configure(stage.settings)
    assert (await stage.call("broken")).status == 200
    reply = await stage.fetched(await stage.deferred("broken", "2s"))
    assert reply.status == 503


async def test_nor_what_the_cache_has(stage: Stage) -> None:
    """Whoever defers a call has asked for a reply of its own."""
    routes = dict(stage.settings.routes)
    routes["plain"] = msgspec.structs.replace(routes["plain"], cache=CacheRule(ttl=600))
    stage.settings = msgspec.structs.replace(stage.settings, routes=routes)
    stage.gateway.configure(stage.settings)
    await stage.call("plain")
    reply = await stage.call("plain", DEFERRED)
    assert reply.status == 202
    row = await stage.row(reply.json["id"])
    assert row.get("cache") is None


async def test_the_list_of_models_is_still_there(stage: Stage) -> None:
    headers = {"Authorization": f"Bearer {stage.secret}"}
    assert (await ask(stage.port, request("GET", "/v1/models", b"", headers))).status == 200
