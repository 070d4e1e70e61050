"""Turns, and many calls that want one."""

import asyncio
import random
from collections.abc import Callable

import pytest

from proxy.upstream.failure import UpstreamFailed
from proxy.worker.inbound import Inbound
from proxy.worker.pacing.turns import Turn, Turns, pause
from tests.kit.waiting import until

LONG = 20.0
Make = Callable[..., Inbound]


async def begun(turns: Turns, inbound: Inbound, seconds: float = LONG) -> Turn:
    turn = turns.begin(inbound.call) or await turns.wait(inbound, seconds)
    assert isinstance(turn, Turn)
    return turn


async def test_no_more_run_at_once_than_may_and_all_of_them_get_their_turn(inbound: Make) -> None:
    turns, peak = Turns(7, 1000), 0
    chance = random.Random(7)

    async def one() -> None:
        nonlocal peak
        turn = await begun(turns, inbound())
        peak = max(peak, turns.running)
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        turn.end()
        turn.end()

    await asyncio.gather(*(one() for _ in range(1000)))
    assert peak == 7
    assert turns.is_idle


async def test_no_turn_is_lost_with_calls_that_are_cut_off_whenever_that_is(inbound: Make) -> None:
    turns, served = Turns(3, 1000), 0
    chance = random.Random(11)

    async def one() -> None:
        nonlocal served
        turn = await begun(turns, inbound())
        try:
            await asyncio.sleep(0)
            served += 1
        finally:
            turn.end()

    tasks = [asyncio.create_task(one()) for _ in range(600)]
    while any(not task.done() for task in tasks):
        chance.choice(tasks).cancel()
        await asyncio.sleep(0)
    cut_off = sum(task.cancelled() for task in tasks)
    assert served >= len(tasks) - cut_off > 0
    assert cut_off > 50
    assert turns.is_idle


async def test_a_turn_given_in_the_very_tick_of_the_end_goes_to_the_next(inbound: Make) -> None:
    turns = Turns(1, 10)
    running = await begun(turns, inbound())
    cut_off = asyncio.create_task(begun(turns, inbound()))
    behind = asyncio.create_task(begun(turns, inbound()))
    await until(lambda: len(turns.line) == 2)
    running.end()
    cut_off.cancel()
    assert await behind
    assert cut_off.cancelled()
    assert turns.running == 1


async def test_who_has_waited_as_long_as_it_may_leaves_the_line(inbound: Make) -> None:
    turns = Turns(1, 10)
    await begun(turns, inbound())
    late = inbound()
    assert await turns.wait(late, 0.02) == "late"
    assert late.call.queued_us >= 20_000
    assert late.call.waited_for == "turn"
    assert not turns.line
    assert await turns.wait(inbound(), 0.0) == "late"


async def test_nobody_waits_in_a_line_that_is_full(inbound: Make) -> None:
    turns = Turns(1, 1)
    first = await begun(turns, inbound())
    second = asyncio.create_task(begun(turns, inbound()))
    await until(lambda: len(turns.line) == 1)
    assert await turns.wait(inbound(), LONG) == "full"
    first.end()
    assert await second


async def test_a_client_that_leaves_frees_its_place(inbound: Make) -> None:
    turns = Turns(1, 10)
    await begun(turns, inbound())
    waits = inbound()
    waiting = asyncio.create_task(begun(turns, waits))
    await until(lambda: len(turns.line) == 1)
    waits.stop("client_closed", "left")
    with pytest.raises(UpstreamFailed) as raised:
        await waiting
    assert raised.value.kind == "client_closed"
    assert not turns.line
    assert waits.waiting is None


async def test_a_ceiling_that_rises_lets_those_go_that_wait(inbound: Make) -> None:
    turns = Turns(1, 10)
    await begun(turns, inbound())
    waiting = [asyncio.create_task(begun(turns, inbound())) for _ in range(3)]
    await until(lambda: len(turns.line) == 3)
    turns.most = None
    turns.look()
    await asyncio.gather(*waiting)
    assert turns.running == 4


async def test_when_to_come_again_follows_from_how_long_turns_last_and_how_many_wait(inbound: Make) -> None:
    now = 0.0
    turns = Turns(2, 10, lambda: now)
    first, _ = await begun(turns, inbound()), await begun(turns, inbound())
    waiting = asyncio.create_task(begun(turns, inbound()))
    await until(lambda: len(turns.line) == 1)
    now = 8.0
    first.end()
    await waiting
    assert turns.again_in() == 4.0, "one of two turns of 8 s each"


async def test_a_pause_is_waited_for_in_no_line_and_ends_when_the_client_leaves(inbound: Make) -> None:
    rests = inbound()
    await pause(rests, 0.01, "limit")
    assert rests.call.queued_us >= 10_000
    task = asyncio.create_task(pause(rests, LONG, "limit"))
    await until(lambda: rests.waiting is not None)
    rests.stop("gateway_stopping", "stopping")
    with pytest.raises(UpstreamFailed):
        await task
