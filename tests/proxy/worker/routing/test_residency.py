"""What must stay in the EU stays there, over sockets: whoever names another target, and whatever fails."""

import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatewatch.control.key_table import Known
from gatewatch.control.store import ControlStore
from proxy.routing import RouteOverride, Routing, ShortAnswer, Target
from proxy.settings import Pacing
from tests.kit.raw_http import RawReply
from tests.kit.shaping_stage import Shaped, shaping_stage, target
from tests.kit.waiting import eventually

HI: list[Any] = [{"role": "user", "content": "hi"}]
EU = {"x-gatewatch-region": "eu"}
OPENAI, CLAUDE, OLD, SMALL = "openai/gpt-4o-mini", "claude/claude-sonnet-4-5", "old/mistral-small", "small/gpt-4.1-nano"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Shaped]:
    """`claude` and `old` are in the EU, and may see what is confidential; `openai` and `small` are not."""
    async with shaping_stage(tmp_path / "home") as running:
        running.change("openai", region="us-east-1")
        running.change("claude", region="eu-west-1", data_class="confidential")
        running.change("old", region="francecentral", data_class="restricted")
        yield running


def puts(stage: Shaped, *overrides: RouteOverride) -> None:
    stage.gateway.route(Routing(overrides=overrides))


def said(reply: RawReply) -> dict[str, Any]:
    error: dict[str, Any] = json.loads(reply.body)["error"]
    return error


async def test_a_failover_stays_there(stage: Shaped) -> None:
    stage.route(CLAUDE, OPENAI, OLD, region="eu")
    stage.fails("claude")
    reply = await stage.say("chat", {"messages": HI})
    assert (reply.status, reply.headers["x-gatewatch-provider"]) == (200, "old")
    assert dict(Counter({name: len(sent) for name, sent in stage.heard.items()})) == {"claude": 1, "old": 1}
    row = stage.row(reply)
    assert (row["region"], row["passed_over"]) == ("eu", [[OPENAI, "not in the region eu"]])


async def test_where_nobody_there_answers_nobody_else_is_asked(stage: Shaped) -> None:
    small = ShortAnswer(target=target(SMALL), max_tokens=50, hint="Short.")
    stage.route(OPENAI, CLAUDE, region="eu", short_answer=small, context_window=[OPENAI])
    stage.fails("claude", 400, {"message": "prompt is too long: 9 tokens > 8 maximum", "type": "invalid_request_error"})
    assert (await stage.say("chat", {"messages": HI})).status == 400
    stage.fails("claude", 500)
    assert (await stage.say("chat", {"messages": HI})).status == 502
    assert set(stage.heard) == {"claude"}


async def test_a_call_that_nobody_may_be_sent_is_refused_and_told_what_was_asked_for(stage: Shaped) -> None:
    stage.route(OPENAI)
    reply = await stage.say("chat", {"messages": HI}, EU)
    error = said(reply)
    assert (reply.status, error["code"], reply.headers["x-should-retry"]) == (403, "no_target_allowed", "false")
    assert "region eu" in error["message"]
    assert "openai" not in reply.body.decode()
    assert not stage.heard
    row = stage.row(reply)
    assert (row["status"], row["route"], row["region"]) == ("blocked", "talk", "eu")


async def test_it_holds_for_a_name_that_no_route_has(stage: Shaped) -> None:
    assert (await stage.say("chat", {"model": OPENAI, "messages": HI}, EU)).status == 403
    assert (await stage.say("chat", {"model": OLD, "messages": HI}, EU)).status == 200
    assert set(stage.heard) == {"old"}


async def test_a_key_keeps_its_calls_there_and_a_change_of_it_holds_at_once(stage: Shaped) -> None:
    stage.route(OPENAI, CLAUDE)
    moves: list[tuple[dict[str, str | None], str]] = [({"region": "eu"}, "claude"), ({"region": None}, "openai")]
    for changes, provider in moves:
        with ControlStore.open(stage.home.control) as store:
            store.edit_key(stage.key_id, changes)
        await key_has(stage, **changes)
        assert (await stage.say("chat", {"messages": HI})).headers["x-gatewatch-provider"] == provider
    with ControlStore.open(stage.home.control) as store:
        store.edit_key(stage.key_id, {"data_class": "restricted"})
    await key_has(stage, data_class="restricted")
    assert (await stage.say("chat", {"messages": HI}, {"x-gatewatch-data-class": "public"})).status == 403


async def key_has(stage: Shaped, **fields: str | None) -> None:
    keys = stage.gateway.keys

    def has() -> bool:
        keys.refresh_if_stale(time.monotonic())
        found = keys.lookup(stage.secret)
        return isinstance(found, Known) and all(getattr(found.key, name) == value for name, value in fields.items())

    await eventually(has)


@pytest.mark.parametrize("seed", range(6))
async def test_no_mixture_of_strategies_overrides_classes_and_faults_takes_a_call_out(stage: Shaped, seed: int) -> None:
    """Calls that need not stay go everywhere; those that must are only ever heard of in the EU."""
    chance = random.Random(seed)
    everywhere = [OPENAI, CLAUDE, OLD, SMALL]
    settings = stage.gateway.settings  # what was limited is not waited for
    stage.gateway.configure(msgspec.structs.replace(settings, pacing=Pacing(wait=0.01)))
    for number in range(12):
        mixed = chance.sample(everywhere, 4)
        stage.route(
            *mixed[: chance.randint(1, 4)],
            strategy=chance.choice(["order", "weight", "latency", "cost", "headroom"]),
            classes={"code": (target(mixed[3]),)},
            context_window=[mixed[2]],
            short_answer=ShortAnswer(target=target(mixed[1]), max_tokens=9, hint="Short."),
            hedge_after=chance.choice([None, 0.01]),
            step_down=True,
        )
        puts(
            stage,
            RouteOverride(
                kind="canary", id="canary:talk", route="talk", target=mixed[3], share=chance.choice([0, 10_000])
            ),
            RouteOverride(kind="drain", id="drain:x", target=chance.choice(everywhere)),
            RouteOverride(kind="shift", id="shift:y", target=chance.choice(everywhere)),
        )
        for name in ("openai", "claude", "old", "small"):
            stage.fails(name, chance.choice([500, 503, 429]))
        stage.heard.clear()
        headers = EU | ({"x-gatewatch-workload": "code"} if number % 3 == 0 else {})
        reply = await stage.say("chat", {"messages": HI}, headers)
        assert reply.status in (403, 429, 502, 503), reply.body
        assert set(stage.heard) <= {"claude", "old"}


async def test_a_canary_takes_whole_tasks_and_a_drained_target_hears_nothing(stage: Shaped) -> None:
    stage.route(OPENAI)
    puts(stage, RouteOverride(kind="canary", id="canary:talk", route="talk", target=OLD, share=5000))
    sides: dict[str, set[str]] = {}
    for number in range(24):
        task = f"t{number % 8}"
        reply = await stage.say("chat", {"messages": HI}, {"x-gatewatch-task": task})
        sides.setdefault(task, set()).add(reply.headers["x-gatewatch-provider"])
        by = stage.row(reply).get("routed_by")
        assert by == ("canary:talk" if reply.headers["x-gatewatch-provider"] == "old" else None)
    assert all(len(side) == 1 for side in sides.values())
    assert set().union(*sides.values()) == {"openai", "old"}
    stage.route(OPENAI, CLAUDE)
    puts(stage, RouteOverride(kind="drain", id="drain:openai", target="openai"))
    stage.heard.clear()
    reply = await stage.say("chat", {"messages": HI})
    row = stage.row(reply)
    assert (row["routed_by"], row["passed_over"]) == ("drain:openai", [[OPENAI, "drained by drain:openai"]])
    assert set(stage.heard) == {"claude"}


async def test_shares_by_weight_are_exact_over_sockets(stage: Shaped) -> None:
    weighted = (Target(provider="openai", model="a", weight=3), Target(provider="old", model="b"))
    stage.route(strategy="weight", targets=weighted)
    for _ in range(20):
        assert (await stage.say("chat", {"messages": HI})).status == 200
    assert {name: len(sent) for name, sent in stage.heard.items()} == {"openai": 15, "old": 5}
