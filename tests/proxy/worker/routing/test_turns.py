"""Shares hold over the calls that ask somebody: what takes a turn and gives it back is as if it had not been."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewatch.paths import Home
from proxy.routing import CacheRule, RouteOverride, Target
from proxy.sandbox.provider import Options
from proxy.sandbox.server import start
from proxy.worker.routing.turns import OneIn, Shares
from tests.kit.deferred_stage import Stage
from tests.kit.planning import A, B, Planning, asked, route
from tests.kit.shaping_stage import Shaped, shaping_stage

HALVES = ("openai/gpt-4o-mini", "old/mistral-small")


def say(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


@given(st.lists(st.integers(1, 9), min_size=2, max_size=4), st.randoms(use_true_random=False), st.integers(0, 40))
def test_turns_that_were_given_back_in_whatever_order_are_as_if_not_taken(
    weights: list[int], chance: random.Random, many: int
) -> None:
    targets = [Target(provider=f"p{at}", model="m", weight=weight) for at, weight in enumerate(weights)]
    shares, fresh = Shares(targets), Shares(targets)
    taken = [shares.take()[1] for _ in range(many)]
    chance.shuffle(taken)
    for give_back in taken:
        give_back()
    assert [shares.take()[0] for _ in range(20)] == [fresh.take()[0] for _ in range(20)]


def test_one_in_fifty_is_asked_by_somebody_also_where_the_fiftieth_asks_nobody() -> None:
    one = OneIn(3)
    one.take()
    one.take()
    is_it, give_back = one.take()
    assert is_it
    assert not one.take()[0]
    give_back()
    assert one.take()[0], "the one that it was has not asked"
    assert [one.take()[0] for _ in range(5)] == [False, True, False, False, True]


def test_counting_tokens_takes_no_turn(planning: Planning) -> None:
    """As some clients do before each message."""
    made = route(A, B, strategy="weight")
    planning.has(made)
    firsts: Counter[str] = Counter()
    for _ in range(100):
        planning.plan(made, asked(endpoint="count_tokens", body={"max_tokens": 5}))
        firsts[planning.plan(made, asked(endpoint="messages", body={"max_tokens": 5}))[0]] += 1
    assert firsts == {"a/m": 50, "b/m": 50}


@pytest.mark.parametrize("how", ["shifted", "slow"])
def test_nor_is_it_the_one_call_in_fifty(planning: Planning, how: str) -> None:
    made = route(A, B, strategy="order" if how == "shifted" else "latency")
    planning.has(made)
    if how == "shifted":
        planning.puts(RouteOverride(kind="shift", id="shift:a/m", route="r", target="a/m"))
    counting, firsts = asked(endpoint="count_tokens"), Counter[str]()
    for _ in range(200):
        planning.plan(made, counting)
        firsts[planning.plan(made)[0]] += 1
    assert firsts["a/m" if how == "shifted" else "b/m"] in (1, 4)


async def test_hits_and_refused_calls_take_no_turn(tmp_path: Path) -> None:
    async with shaping_stage(tmp_path / "home") as stage:
        stage.route(*HALVES, strategy="weight", cache=CacheRule(ttl=600))
        await stage.say("chat", say("warm"))
        hits = [await asks_beside(stage, number) for number in range(10)]
        assert hits == ["hit"] * 10
        assert {name: len(sent) for name, sent in stage.heard.items()} == {"openai": 6, "old": 5}


async def asks_beside(stage: Shaped, number: int) -> str | None:
    """What the cache says to a call beside one that is refused, and before one that is bought."""
    hit = await stage.say("chat", say("warm"))
    refused = await stage.say("chat", say("much"), {"x-gatewatch-max-cost-usd": "0.0000001"})
    assert refused.status == 400
    assert (await stage.say("chat", say(f"new {number}"))).status == 200
    return hit.headers.get("x-gatewatch-cache")


async def test_a_deferred_call_takes_its_turn_when_it_runs(tmp_path: Path) -> None:
    provider = await start(Options())
    stage = Stage(Home(tmp_path / "gateway").make(), provider.url)
    targets = (Target(provider="plain", model="gpt-4o-mini"), Target(provider="plain", model="gpt-4o"))
    halves = msgspec.structs.replace(stage.settings.routes["plain"], targets=targets, strategy="weight")
    stage.settings = msgspec.structs.replace(stage.settings, routes=stage.settings.routes | {"plain": halves})
    went: list[str] = []
    async with stage.serving():
        for number in range(4):
            id = await stage.deferred("plain", messages=say(str(number))["messages"])
            await stage.fetched(id)
            went.append((await stage.row(id))["model"])
    await provider.close()
    assert Counter(went) == {"gpt-4o-mini": 2, "gpt-4o": 2}
