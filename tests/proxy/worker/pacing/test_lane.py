"""A key with a model: cut near its limits, shut while it asks to wait, never for good."""

import asyncio
from collections.abc import Callable

import pytest

from proxy.rate_limits import Limit, RateLimits
from proxy.worker.inbound import Inbound
from proxy.worker.pacing.lane import Lane
from proxy.worker.pacing.turns import Turn, Turns
from tests.kit.waiting import until

Make = Callable[..., Inbound]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def used(percent: int, reset: float = 60.0) -> RateLimits:
    return RateLimits(requests=Limit(limit=10_000, remaining=10_000 - percent * 100, reset=reset))


def started(lane: Lane, inbound: Make, calls: int) -> list[Turn]:
    turns = [lane.begin(inbound().call) for _ in range(calls)]
    assert all(turns)
    return [turn for turn in turns if turn]


async def test_at_81_percent_a_fifth_fewer_run_and_below_it_comes_back(inbound: Make) -> None:
    clock = Clock()
    lane = Lane(monotonic=clock)
    turns = started(lane, inbound, 10)
    lane.learn(used(81), turns[-1])
    assert lane.in_force == 8
    assert lane.begin(inbound().call) is None
    for turn in turns[:2]:
        turn.end()
    assert lane.begin(inbound().call) is None, "eight run"
    turns[2].end()
    assert lane.begin(inbound().call) is not None
    clock.now += 60.0
    seen = []
    for _ in range(3):
        lane.tick()
        seen.append(lane.in_force)
        clock.now += 1.0
    assert seen == [9, 10, None]


@pytest.mark.parametrize(("percent", "most"), [(0, None), (79, None), (80, 8), (100, 8)])
async def test_four_fifths_are_where_it_begins(percent: int, most: int | None, inbound: Make) -> None:
    lane = Lane(monotonic=Clock())
    turns = started(lane, inbound, 10)
    lane.learn(used(percent), turns[-1])
    assert lane.in_force == most


async def test_while_it_stays_above_it_is_cut_again_down_to_one(inbound: Make) -> None:
    clock = Clock()
    lane = Lane(monotonic=clock)
    turns = started(lane, inbound, 5)
    seen = []
    while lane.in_force != 1:
        lane.learn(used(90), turns[-1])
        seen.append(lane.in_force)
        while len(turns) > (lane.in_force or 0):
            turns.pop(0).end()
        clock.now += 1.0
    assert seen == [4, 3, 2, 1]
    turns.pop().end()
    assert lane.begin(inbound().call) is not None


async def test_a_429_cuts_and_shuts_for_as_long_as_was_asked(inbound: Make) -> None:
    clock = Clock()
    lane = Lane(monotonic=clock)
    started(lane, inbound, 10)
    lane.limited(7.0)
    assert lane.in_force == 8
    assert lane.shut_for() == 7.0
    clock.now += 7.0
    assert lane.shut_for() == 0.0


async def test_no_provider_shuts_it_for_more_than_a_minute(inbound: Make) -> None:
    lane = Lane(monotonic=Clock())
    started(lane, inbound, 1)
    lane.limited(86_400.0)
    assert lane.shut_for() == 60.0


async def test_a_call_that_was_sent_later_and_is_served_opens_it_one_from_before_does_not(inbound: Make) -> None:
    clock = Clock()
    lane = Lane(monotonic=clock)
    (before,) = started(lane, inbound, 1)
    clock.now += 1.0
    lane.limited(30.0)
    lane.served(before)
    assert lane.shut_for() == 30.0
    before.end()
    clock.now += 1.0
    tried = lane.begin_alone(inbound().call)
    assert tried, "nobody else is there: the provider is the judge"
    assert lane.begin_alone(inbound().call) is None
    lane.served(tried)
    assert lane.shut_for() == 0.0


async def test_no_more_are_sent_than_the_provider_has_left_and_those_who_wait_go_when_it_has_more(
    inbound: Make,
) -> None:
    lane = Lane()
    (first,) = started(lane, inbound, 1)
    lane.learn(RateLimits(requests=Limit(limit=5, remaining=4, reset=0.02)), first)
    started(lane, inbound, 4)
    waiting = [asyncio.create_task(lane.wait(inbound(), 20.0)) for _ in range(5)]
    await until(lambda: len(lane.line) > 0)
    assert all(isinstance(turn, Turn) for turn in await asyncio.gather(*waiting)), "a timer opens it, nobody has to end"


async def test_what_a_rule_of_our_own_has_counted_cuts_too(inbound: Make) -> None:
    lane = Lane(monotonic=Clock())
    started(lane, inbound, 5)
    lane.told("providers.openai.limits/requests/1m", 100, 21, 60.0)
    assert lane.in_force is None
    lane.told("providers.openai.limits/requests/1m", 100, 20, 60.0)
    assert lane.in_force == 4
    assert lane.shut_for() == 0.0


async def test_the_smaller_of_the_configured_cap_and_the_cut_holds(inbound: Make) -> None:
    lane = Lane(9, outer=Turns(100, 10), monotonic=Clock())
    turns = started(lane, inbound, 9)
    assert lane.begin(inbound().call) is None
    lane.learn(used(95), turns[-1])
    assert lane.in_force == 7


async def test_a_429_that_says_no_time_shuts_for_a_while_and_longer_each_time_until_a_call_is_let_through(
    inbound: Make,
) -> None:
    clock = Clock()
    lane = Lane(monotonic=clock)
    shut = []
    for _ in range(4):
        (turn,) = started(lane, inbound, 1)
        lane.limited(None)
        lane.limited(None)  # another that was under way already
        shut.append(lane.shut_for())
        turn.end()
        clock.now += shut[-1] + 0.01
    assert [0.5 * 2**n <= seconds <= 0.6 * 2**n for n, seconds in enumerate(shut)] == [True] * 4
    (turn,) = started(lane, inbound, 1)
    clock.now += 0.01
    lane.served(turn)
    lane.limited(None)
    assert lane.shut_for() <= 0.6
