"""What a deferred call may use is held from the moment at which it was acknowledged until it has ended."""

from typing import Any

from gatewatch.limits.rule import Rule
from gatewatch.limits.window import Window
from tests.kit.deferred_stage import Stage
from tests.kit.waiting import until

DAY = Window(seconds=86_400)
HOUR_US = 3_600_000_000


def money(most: int = 10**15, **changed: Any) -> Rule:
    given = {"id": "b", "kind": "budget", "scope": "team", "name": "search", "measure": "picos", "window": DAY}
    return Rule(**given | {"most": most} | changed)


async def test_a_budget_is_held_by_what_waits_so_that_no_more_is_acknowledged_than_fits(stage: Stage) -> None:
    rule = money()
    stage.limit(rule)
    stage.defer(gather=HOUR_US)
    await stage.deferred()
    one = await until(lambda: stage.held(rule, "search"), bool)
    stage.limit(money(2 * one + one // 2))
    await stage.deferred()
    assert stage.held(rule, "search") == 2 * one
    reply = await stage.call("chat", {"x-gatewatch-priority": "deferred"})
    assert (reply.status, reply.json["error"]["code"]) == (429, "budget_exceeded")
    (row,) = stage.rows()
    assert (row["status"], row["blocked_by"]) == ("blocked", "b")


async def test_a_batch_holds_half_of_what_a_direct_call_does(stage: Stage) -> None:
    rule = money()
    stage.limit(rule)
    stage.defer(gather=HOUR_US)
    await stage.deferred("chat")
    half = await until(lambda: stage.held(rule, "search"), bool)
    direct = await stage.row((await stage.call("chat")).headers["x-gatewatch-call-id"])
    assert direct["reserved_picos"] == 2 * half


async def test_what_was_held_is_settled_by_what_was_used(stage: Stage) -> None:
    rule, tokens = money(), money(id="t", measure="tokens", kind="limit")
    stage.limit(rule, tokens)
    ids = [await stage.deferred(model) for model in ("chat", "plain", "claude")]
    rows = []
    for id in ids:
        await stage.fetched(id)
        rows.append(await stage.row(id))
    await until(lambda: stage.counters.held(), lambda held: not held)
    assert stage.taken(rule, "search") == sum(row["cost_picos"] for row in rows)
    used = sum(row.get("input_uncached_tokens", 0) + row["output_tokens"] for row in rows)
    assert stage.taken(tokens, "search") == used


async def test_a_call_that_is_cancelled_gives_back_what_it_held(stage: Stage) -> None:
    rule = money()
    stage.limit(rule)
    stage.defer(gather=HOUR_US)
    id = await stage.deferred()
    await until(lambda: stage.held(rule, "search"), bool)
    await stage.fetch(id, method="DELETE")
    await until(lambda: stage.held(rule, "search"), lambda held: held == 0)
    assert stage.taken(rule, "search") == 0


async def test_what_waits_takes_no_place_among_the_calls_that_run_at_once(stage: Stage) -> None:
    at_once = Rule(id="c", kind="limit", scope="team", name="search", measure="concurrent", most=1)
    stage.limit(at_once)
    stage.defer(gather=HOUR_US)
    for _ in range(3):
        await stage.deferred()
    assert (await stage.call("plain")).status == 200


async def test_after_a_restart_it_is_held_again(stopped: Stage) -> None:
    rule = money()
    stopped.limit(rule)
    stopped.defer(gather=HOUR_US)
    async with stopped.serving() as stage:
        id = await stage.deferred()
        one = await until(lambda: stage.held(rule, "search"), bool)
    async with stopped.serving() as stage:
        await until(lambda: stage.held(rule, "search"), lambda held: held == one)
        stage.defer(gather=10_000)
        assert stage.entry(id).told == "queued"


async def test_a_key_with_caps_pays_by_what_was_used_and_no_more(stage: Stage) -> None:
    secret = stage.key("capped", max_uses=2, max_picos=10**12)
    ids = [await stage.deferred("plain", secret=secret) for _ in range(2)]
    for id in ids:
        assert (
            await until(lambda id=id: stage.fetch(id, secret=secret), lambda each: each.status != 202)
        ).status == 200  # type: ignore[misc]
    assert (await stage.call("plain", secret=secret)).status == 401
