"""Deferred calls are handed to a provider together, and only those that may still be made."""

import json
from typing import Any

import httpx

from gatewatch.control.store import ControlStore
from gatewatch.limits.rule import Rule
from gatewatch.limits.window import Window
from proxy.sandbox.server import Sandbox
from tests.kit.deferred_stage import Stage
from tests.kit.waiting import until

DAY = Window(seconds=86_400)


async def seen(sandbox: Sandbox) -> list[dict[str, Any]]:
    """What has reached the provider."""
    async with httpx.AsyncClient() as client:
        reply = await client.get(f"{sandbox.url}/__sandbox/stats?last=200")
    found: list[dict[str, Any]] = reply.json()["last"]
    return found


async def test_calls_that_come_within_the_time_of_gathering_are_one_batch(stage: Stage) -> None:
    stage.defer(gather=300_000)
    ids = [await stage.deferred() for _ in range(5)]
    for id in ids:
        assert (await stage.fetched(id)).status == 200
    batches = {tried["started_at"] for id in ids for tried in stage.tries(id)}
    assert len(batches) == 1


async def test_as_many_as_one_batch_may_have_are_handed_over_at_once(stage: Stage) -> None:
    stage.defer(gather=3_600_000_000, batch=3)
    ids = [await stage.deferred() for _ in range(3)]
    for id in ids:
        assert (await stage.fetched(id)).status == 200


async def test_a_batch_is_of_one_model_and_endpoint(stage: Stage) -> None:
    stage.defer(gather=200_000)
    chat = await stage.deferred("chat")
    embedded = await stage.deferred("embed", path="/v1/embeddings")
    for id in (chat, embedded):
        await stage.fetched(id)
    assert (await stage.fetched(chat)).status == 200
    assert stage.tries(chat)[0]["model"] != stage.tries(embedded)[0]["model"]


async def test_a_key_that_was_revoked_meanwhile_buys_nothing(stage: Stage) -> None:
    stage.defer(gather=400_000)
    secret = stage.key("leaver")
    id = await stage.deferred(secret=secret)
    stage.revoke("leaver")
    reply = await stage.fetched(id)
    assert (reply.status, reply.json["error"]["code"]) == (401, "key_revoked")
    row = await stage.row(id)
    assert (row["status"], row.get("cost_picos", 0), row.get("attempts", 0)) == ("blocked", 0, 0)


async def test_a_model_that_a_key_may_not_use_any_more_is_not_asked(stage: Stage) -> None:
    stage.defer(gather=400_000)
    secret = stage.key("narrow", models=("chat", "plain"))
    id = await stage.deferred(secret=secret)
    with ControlStore.open(stage.home.control) as store:
        store.edit_key(stage.key_id("narrow"), {"models": ("plain",)})
    reply = await stage.fetched(id)
    assert (reply.status, reply.json["error"]["code"]) == (403, "model_not_allowed")


async def test_a_provider_that_takes_no_batch_of_that_model_is_asked_directly(stage: Stage) -> None:
    id = await stage.deferred("fails")
    assert (await stage.fetched(id)).status == 200
    row = await stage.row(id)
    assert (row["deferred"], row["attempts"]) == ("standard", 2)
    assert stage.tries(id)[0]["error_kind"] == "batch_expired"


async def test_what_a_batch_may_cost_is_held_as_long_as_it_runs(stage: Stage) -> None:
    rule = Rule(id="b", kind="budget", scope="team", name="search", measure="picos", most=10**15, window=DAY)
    stage.limit(rule)
    id = await stage.deferred()
    await until(lambda: stage.entry(id).state, lambda state: state == "batched")
    assert stage.held(rule, "search") > 0
    await stage.fetched(id)
    row = await stage.row(id)
    await until(lambda: stage.held(rule, "search"), lambda held: held == 0)
    assert stage.taken(rule, "search") == row["cost_picos"] > 0


async def test_the_provider_is_told_nothing_of_who_asks(stage: Stage, sandbox: Sandbox) -> None:
    await stage.fetched(await stage.deferred())
    told = json.dumps(await seen(sandbox))
    assert stage.secret not in told
    assert "x-gatewatch" not in told
