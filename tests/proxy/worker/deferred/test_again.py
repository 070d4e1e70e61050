"""A call is put together again as it was when it was taken, with its key as it is now."""

import msgspec
import pytest

from gatewatch.control.records import now_us
from gatewatch.control.store import ControlStore
from proxy.routing import RouteOverride, Routing
from tests.kit.deferred_stage import Stage
from tests.kit.waiting import until

HOUR_US = 3_600_000_000


async def test_it_is_the_same_call(stage: Stage) -> None:
    tags = {"x-gatewatch-tags": '{"feature":"night","team_of":"ops"}', "user-agent": "app/1"}
    id = await stage.deferred("plain", headers=tags, user="ann", temperature=0.5)
    await stage.fetched(id)
    row = await stage.row(id)
    assert (row["feature"], row["user"], row["client"]) == ("night", "ann", "app/1")
    assert row["tags"] == {"team_of": "ops"}
    assert row["params"]["temperature"] == 0.5
    assert (row["team"], row["key_name"], row["source"]) == ("search", "app", "127.0.0.1")


async def test_a_key_that_expired_meanwhile_has_begun_its_call(stage: Stage) -> None:
    secret = stage.key("short", expires_at=now_us() + 300_000)
    stage.defer(gather=400_000)
    id = await stage.deferred(secret=secret)
    await until(lambda: stage.call("plain", secret=secret), lambda reply: reply.status == 401)
    assert stage.entry(id).told == "queued"
    assert (await stage.fetched(id)).status == 200


async def test_a_key_may_lose_a_dialect_meanwhile(stage: Stage) -> None:
    secret = stage.key("speaks")
    stage.defer(gather=300_000)
    id = await stage.deferred(secret=secret)
    with ControlStore.open(stage.home.control) as store:
        store.edit_key(stage.key_id("speaks"), {"dialects": ("anthropic-messages",)})
    reply = await stage.fetched(id)
    assert (reply.status, reply.json["error"]["code"]) == (403, "dialect_not_allowed")


async def test_where_it_goes_is_decided_anew_when_it_runs(stopped: Stage) -> None:
    """It was taken under a canary, and while another target was drained; when it runs, neither is so any more."""
    canary = RouteOverride(kind="canary", id="canary:plain", route="plain", target="plain/gpt-4o", share=10_000)
    drain = RouteOverride(kind="drain", id="drain:plain", target="plain/gpt-4o-mini")
    plain = stopped.settings
    stopped.settings = msgspec.structs.replace(plain, routing=Routing(overrides=(canary, drain)))
    async with stopped.serving(running=False):
        id = await stopped.deferred("plain")
    stopped.settings = plain
    async with stopped.serving():
        await stopped.fetched(id)
        row = await stopped.row(id)
    assert (row["model"], row.get("routed_by"), row.get("passed_over")) == ("gpt-4o-mini", None, None)


@pytest.mark.parametrize("model", ["chat", "plain"])
async def test_what_decides_when_it_runs_stands_in_its_row_once(stopped: Stage, model: str) -> None:
    """In a batch, and directly."""
    provider = "plain" if model == "plain" else "openai"
    canary = RouteOverride(kind="canary", id="canary:x", route=model, target=f"{provider}/gpt-4o", share=10_000)
    drain = RouteOverride(kind="drain", id="drain:x", target=f"{provider}/gpt-4o-mini")
    stopped.settings = msgspec.structs.replace(stopped.settings, routing=Routing(overrides=(canary, drain)))
    async with stopped.serving():
        id = await stopped.deferred(model)
        await stopped.fetched(id)
        row = await stopped.row(id)
    assert (row["model"], row["routed_by"]) == ("gpt-4o", "canary:x")
    assert len(row.get("passed_over") or [1]) == 1
