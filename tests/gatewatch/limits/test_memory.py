"""Counters in memory: all or nothing, exact after every settlement, and seeded without a gap."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewatch.limits.counters import WHOLE, Asked, Seed, Seeds, Used
from gatewatch.limits.memory import MemoryCounters


def made(*rules: str, unseeded: bool = False) -> MemoryCounters:
    counters = MemoryCounters()
    counters.configure(rules or ["r"], () if unseeded else rules or ["r"])
    return counters


def want(amount: int, most: int = 100, *, counter: str = "r|a", bucket: int = 60, oldest: int = 0) -> Asked:
    return Asked(counter, bucket, oldest, amount, most)


async def test_what_fits_is_taken_and_what_does_not_takes_nothing_of_any_counter() -> None:
    counters = made("r", "s")
    assert (await counters.reserve("1", [want(60)])).in_the_way == -1
    verdict = await counters.reserve("2", [want(40, counter="s|a"), want(41)])
    assert verdict.in_the_way == 1
    assert [level.taken for level in verdict.levels] == [0, 60]
    assert (await counters.reserve("3", [want(40), want(100, counter="s|a")])).in_the_way == -1


async def test_settling_gives_back_what_was_held_and_adds_what_was_used() -> None:
    counters = made()
    await counters.reserve("1", [want(60)])
    counters.settle("1", [Used("r|a", 60, 25)], ("s", 10))
    assert counters.taken() == {"r|a": {60: 25}}
    assert counters.held() == {}
    assert (await counters.reserve("2", [want(75)])).in_the_way == -1


async def test_it_says_with_which_bucket_enough_leaves() -> None:
    counters = made()
    for bucket, amount in ((10, 30), (20, 30), (30, 40)):
        counters.settle(str(bucket), [Used("r|a", bucket, amount)], None)
    (level,) = (await counters.reserve("1", [want(50)])).levels
    assert level.fits_from == 20
    (level,) = (await counters.reserve("1", [want(101)])).levels
    assert level.fits_from == -1


@settings(max_examples=60, deadline=None)
@given(st.data())
async def test_after_any_calls_a_counter_is_the_sum_of_what_they_used(data: st.DataObject) -> None:
    counters = made()
    used: dict[int, int] = {}
    running: dict[str, int] = {}
    for n in range(data.draw(st.integers(0, 40))):
        if data.draw(st.booleans()) and running:
            call, bucket = running.popitem()
            amount = data.draw(st.integers(0, 50))
            counters.settle(call, [Used("r|a", bucket, amount)], None)
            used[bucket] = used.get(bucket, 0) + amount
        else:
            bucket = data.draw(st.integers(0, 5))
            if (
                await counters.reserve(str(n), [want(data.draw(st.integers(1, 50)), 200, bucket=bucket)])
            ).in_the_way < 0:
                running[str(n)] = bucket
    for call in running:
        counters.settle(call, [], None)
    assert counters.taken().get("r|a", {}) == {bucket: amount for bucket, amount in used.items() if amount}


async def test_seeds_come_under_what_was_settled_behind_them_and_is_held() -> None:
    counters = made(unseeded=True)
    counters.settle("before", [Used("r|a", 60, 5)], ("s1", 100))
    counters.settle("behind", [Used("r|a", 60, 7)], ("s1", 200))
    counters.settle("in a later segment", [Used("r|a", 60, 11)], ("s2", 50))
    counters.settle("of a segment that is done", [Used("r|a", 60, 13)], ("s0", 9999))
    await counters.reserve("held", [want(3)])
    seeds = Seeds(rules=("r",), seeds=(Seed("r|a", {60: 1000}),), positions={"s0": WHOLE, "s1": 100})
    counters.seed(seeds)
    assert counters.taken() == {"r|a": {60: 1000 + 7 + 11}}
    assert counters.held() == {"r|a": 3}
    assert not counters.unseeded
    counters.seed(seeds)
    assert counters.taken() == {"r|a": {60: 1018}}, "seeds for what is seeded already are not taken"


async def test_a_counter_that_the_seeds_do_not_name_is_what_was_settled_behind_them() -> None:
    counters = made(unseeded=True)
    counters.settle("1", [Used("r|new", 60, 5)], ("s", 100))
    counters.seed(Seeds(rules=("r",), positions={"s": 50}))
    assert counters.taken() == {"r|new": {60: 5}}


async def test_what_has_counted_wrong_goes_on_until_it_is_seeded_anew() -> None:
    counters = made("r", "s")
    counters.settle("1", [Used("r|a", 60, 5), Used("s|a", 60, 5)], ("s", 100))
    counters.recount(["r", "unknown"])
    assert counters.unseeded == {"r"}
    assert counters.taken()["r|a"] == {60: 5}, "no moment without a limit"
    counters.settle("2", [Used("r|a", 60, 7), Used("s|a", 60, 7)], ("s", 200))
    counters.settle("3", [Used("r|a", 60, 9)], ("s", 300))
    counters.seed(Seeds(rules=("r",), seeds=(Seed("r|a", {60: 1007}),), positions={"s": 200}))
    assert counters.taken() == {"r|a": {60: 1016}, "s|a": {60: 12}}


async def test_a_rule_that_went_and_came_again_is_not_freed_of_what_it_never_held() -> None:
    counters = made()
    await counters.reserve("1", [want(60)])
    counters.configure([], [])
    counters.configure(["r"], ["r"])
    await counters.reserve("2", [want(10)])
    counters.settle("1", [Used("r|a", 60, 4)], None)
    assert counters.held() == {"r|a": 10}
    assert counters.taken() == {"r|a": {60: 4}}


async def test_a_call_that_outlives_its_window_lets_go_of_what_it_held() -> None:
    counters = made()
    await counters.reserve("1", [want(60)])
    counters.forget({"r": 1000})
    counters.settle("1", [Used("r|a", 60, 4)], None)
    (level,) = (await counters.reserve("2", [want(1, bucket=1000, oldest=1000)])).levels
    assert (level.taken, level.held) == (0, 0)


async def test_names_that_nobody_uses_any_more_are_forgotten() -> None:
    counters = made()
    for n in range(5000):
        counters.settle(str(n), [Used(f"r|user {n}", 60, 1)], None)
    for _ in range(3):
        counters.forget({"r": 61})
    assert counters.taken() == {}
    assert counters.settled({"r": 0}, 0, 10) == ({}, True)


async def test_what_was_settled_is_told_part_by_part_without_what_is_held() -> None:
    counters = made("r", "s")
    for name in "abc":
        counters.settle(name, [Used(f"r|{name}", 10, 1), Used(f"r|{name}", 60, 5), Used(f"s|{name}", 60, 9)], None)
    await counters.reserve("1", [want(70, counter="r|a")])
    told = counters.settled({"r": 20}, 0, 100)
    assert told == ({"r|a": 5, "r|b": 5, "r|c": 5}, True), "of the rules asked for, from the first bucket that counts"
    parts = [counters.settled({"r": 20}, begin, 2) for begin in (0, 2, 4)]
    assert [is_rest for _, is_rest in parts] == [False, False, True]
    assert {key: n for part, _ in parts for key, n in part.items()} == told[0]


async def test_a_call_that_waits_for_its_time_holds_until_it_is_settled() -> None:
    clock = [0.0]
    counters = MemoryCounters(lambda: clock[0])
    counters.configure(["r"], ["r"])
    await counters.reserve("deferred", [want(60)])
    counters.lasting.add("deferred")
    for hours in (1.2, 2.5, 24, 100):
        clock[0] = hours * 3600
        counters.forget({"r": 0})
    assert (counters.held(), counters.expired) == ({"r|a": 60}, 0)
    counters.settle("deferred", [Used("r|a", 60, 25)], None)
    assert (counters.held(), counters.taken(), counters.lasting) == ({}, {"r|a": {60: 25}}, set())


async def test_what_no_call_can_hold_any_more_is_free_again_and_that_is_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = [0.0]
    counters = MemoryCounters(lambda: clock[0])
    counters.configure(["r"], ["r"])
    await counters.reserve("forgotten by its owner", [want(60)])
    for hours in (1, 1.2, 2):
        clock[0] = hours * 3600
        counters.forget({"r": 0})
        await counters.reserve(f"young at {hours}", [want(10)])
    assert counters.held() == {"r|a": 90}, "a call may last for an hour"
    clock[0] = 2.5 * 3600
    counters.forget({"r": 0})
    assert counters.held() == {"r|a": 20}, "and what came behind the look before lasts until the next one"
    assert counters.expired == 2
    assert "forgotten by its owner" in caplog.text
    counters.settle("forgotten by its owner", [Used("r|a", 60, 25)], None)
    assert counters.taken() == {"r|a": {60: 25}}
    (level,) = (await counters.reserve("next", [want(55)])).levels
    assert (level.taken, level.held) == (45, 20)


def test_rules_are_made_and_recounted_without_a_look_at_the_names_of_others() -> None:
    """A standstill of a second, with a million users."""
    counters = made("users", "keys")
    for n in range(200_000):
        counters.settle("x", [Used(f"users|{n}", 60, 1)], None)
    began = time.perf_counter()
    counters.configure(["users", "keys", "more"], ["users", "keys"])
    counters.recount(["users"])
    assert time.perf_counter() - began < 0.1
    assert counters.unseeded == {"users", "more"}


async def test_a_rule_that_is_seeded_by_word_alone_has_forgotten_what_it_kept_for_its_seeds() -> None:
    counters = made(unseeded=True)
    counters.settle("1", [Used("r|a", 60, 5)], None)
    counters.configure(["r"], ["r"])
    counters.recount(["r"])
    counters.settle("2", [Used("r|a", 60, 7)], None)
    counters.seed(Seeds(rules=("r",), seeds=(Seed("r|a", {60: 5}),)))
    assert counters.taken() == {"r|a": {60: 12}}


async def test_what_was_counted_for_a_rule_that_was_not_in_force_is_gone_when_it_comes() -> None:
    counters = made("s")
    await counters.reserve("1", [want(60)])
    counters.settle("2", [Used("r|a", 60, 5)], None)
    counters.configure(["r", "s"], ["s"])
    assert (counters.taken(), counters.held()) == ({}, {})
