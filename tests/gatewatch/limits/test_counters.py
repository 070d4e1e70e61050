"""Both keep what `Counters` promises: the one in a worker's memory, and the one in a store that workers share."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gatewatch.limits.counters import MOST_COUNTED, WHOLE, Asked, Counters, Position, Seed, Seeds, Used, Verdict
from gatewatch.limits.memory import MemoryCounters
from gatewatch.limits.rule import Rule
from gatewatch.limits.shared.address import read_url
from gatewatch.limits.shared.counters import SharedCounters
from gatewatch.limits.shared.names import token
from gatewatch.limits.shared.store import LimitsStore, open_store
from gatewatch.limits.window import Window
from tests.kit.redis_server import RedisServer, redis_server
from tests.kit.waiting import until

RUN = "20260102T030405Z-0123abcd"


def rule(id: str, *, window: Window | None = Window(seconds=60)) -> Rule:  # noqa: B008
    return Rule(id=id, kind="limit", scope="user", measure="tokens" if window else "concurrent", most=1, window=window)


R, S, RUNNING = rule("r"), rule("s"), rule("running", window=None)
ALL = (R, S, RUNNING)


def at(offset: int, segment: int = 1) -> Position:
    return (f"{RUN}-{segment:06d}", offset)


def want(amount: int, most: int = 100, *, counter: str = "r|a", bucket: int = 60, oldest: int = 0) -> Asked:
    return Asked(counter, bucket, oldest, amount, most)


class Kept:
    """Counters, and how a test looks into them."""

    def __init__(self, counters: Counters) -> None:
        self.counters = counters
        counters.configure([each.id for each in ALL], [RUNNING.id], ALL)

    async def reserve(self, call: str, *asked: Asked) -> Verdict:
        return await self.counters.reserve(call, asked)

    async def seed(self, rules: Sequence[Rule], positions: Mapping[str, int], *seeds: Seed) -> None:
        self.counters.seed(Seeds(rules=tuple(each.id for each in rules), seeds=seeds, positions=dict(positions)))

    async def taken(self) -> Mapping[str, Mapping[int, int]]:
        return self.counters.taken()

    async def begin(self) -> None:
        """The counters of all rules are to be seeded."""


class KeptInStore(Kept):
    counters: SharedCounters

    def __init__(self, counters: Counters, store: LimitsStore) -> None:
        super().__init__(counters)
        self.store = store
        self.attempt = ""

    async def begin(self) -> None:
        self.attempt = await self.store.begin([token(each) for each in ALL if each.window], "20260101T000000Z")

    async def seed(self, rules: Sequence[Rule], positions: Mapping[str, int], *seeds: Seed) -> None:
        await until(lambda: not self.counters.owed)
        await self.store.fill(rules, Seeds(rules=tuple(each.id for each in rules), seeds=seeds))
        assert await self.store.seal(self.attempt, [token(each) for each in rules], positions, [RUN])

    async def taken(self) -> Mapping[str, Mapping[int, int]]:
        await until(lambda: not self.counters.owed)
        return await self.store.taken(ALL)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


Make = Callable[[], Any]


@pytest.fixture(params=["memory", "shared"])
def unseeded(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Makes counters that do not know yet what was before them."""

    @asynccontextmanager
    async def make() -> AsyncIterator[Kept]:
        if request.param == "memory":
            yield Kept(MemoryCounters())
            return
        address = read_url(request.getfixturevalue("redis").url)
        gateway = tmp_path.name
        store = await open_store(address, gateway)
        counters = SharedCounters(address, gateway, RUN, patience=5)
        kept = KeptInStore(counters, store)
        await kept.begin()
        connecting = asyncio.create_task(counters.keep_connected())
        await until(lambda: counters.away is None)
        try:
            yield kept
        finally:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
            store.close()

    return make


@pytest.fixture
def seeded(unseeded: Make) -> Make:
    """Makes counters with nothing before them."""

    @asynccontextmanager
    async def make() -> AsyncIterator[Kept]:
        async with unseeded() as kept:
            await kept.seed([R, S], {})
            yield kept

    return make


async def test_what_fits_is_taken_and_what_does_not_takes_nothing_of_any_counter(seeded: Make) -> None:
    async with seeded() as kept:
        assert (await kept.reserve("1", want(60))).in_the_way == -1
        verdict = await kept.reserve("2", want(40, counter="s|a"), want(41))
        assert verdict.in_the_way == 1
        assert [(level.taken, level.held) for level in verdict.levels] == [(0, 0), (60, 60)]
        assert (await kept.reserve("3", want(40), want(100, counter="s|a"))).in_the_way == -1


async def test_asking_for_nothing_fits_until_the_ceiling_is_reached(seeded: Make) -> None:
    async with seeded() as kept:
        assert (await kept.reserve("1", want(99))).in_the_way == -1
        assert (await kept.reserve("2", want(0))).in_the_way == -1
        assert (await kept.reserve("3", want(1))).in_the_way == -1
        assert (await kept.reserve("4", want(0))).in_the_way == 0


async def test_settling_gives_back_what_was_held_and_adds_what_was_used(seeded: Make) -> None:
    async with seeded() as kept:
        await kept.reserve("1", want(60))
        assert kept.counters.held() == {"r|a": 60}
        kept.counters.settle("1", [Used("r|a", 60, 25)], at(10))
        assert kept.counters.held() == {}
        assert await kept.taken() == {"r|a": {60: 25}}
        verdict = await kept.reserve("2", want(75))
        assert verdict.in_the_way == -1
        assert verdict.levels[0][:2] == (25, 0)


async def test_a_failed_try_gives_back_what_it_held_and_nothing_else(seeded: Make) -> None:
    async with seeded() as kept:
        await kept.reserve("1", want(50), want(50, counter="s|a"))
        kept.counters.let_go("1", ["s|a"])
        await kept.reserve("1", want(100, counter="s|b"))
        verdict = await kept.reserve("2", want(100, counter="s|a"), want(51))
        assert verdict.in_the_way == 1
        assert verdict.levels[0].taken == 0
        kept.counters.settle("1", (), None)
        assert (await kept.reserve("2", want(100, counter="s|b"), want(100))).in_the_way == -1


async def test_buckets_outside_of_the_window_do_not_count(seeded: Make) -> None:
    async with seeded() as kept:
        for offset, (bucket, amount) in enumerate(((10, 30), (20, 30), (30, 40))):
            kept.counters.settle(str(bucket), [Used("r|a", bucket, amount)], at(offset))
        (level,) = (await kept.reserve("1", want(31, oldest=20))).levels
        assert (level.taken, level.fits_from) == (70, 20)
        (level,) = (await kept.reserve("1", want(71, oldest=20))).levels
        assert level.fits_from == 30
        (level,) = (await kept.reserve("1", want(101, oldest=20))).levels
        assert level.fits_from == -1
        assert (await kept.reserve("1", want(30, oldest=20, bucket=30))).in_the_way == -1


async def test_calls_at_a_time_count_while_they_run(seeded: Make) -> None:
    async with seeded() as kept:
        running = Asked("running|ann", 0, 0, 1, 2)
        assert [(await kept.reserve(str(n), running)).in_the_way for n in range(3)] == [-1, -1, 0]
        kept.counters.settle("0", (), at(5))
        assert (await kept.reserve("3", running)).in_the_way == -1
        assert kept.counters.held() == {"running|ann": 2}


async def test_sums_of_money_are_exact_to_the_picodollar(seeded: Make) -> None:
    many = 123_456_789_123_456_789
    async with seeded() as kept:
        for bucket in range(1, 8):
            kept.counters.settle(str(bucket), [Used("r|a", bucket, many + bucket)], at(bucket))
        spent = 7 * many + 28
        verdict = await kept.reserve("1", want(3, spent + 2))
        assert verdict.in_the_way == 0
        assert verdict.levels[0].taken == spent
        assert (await kept.reserve("1", want(2, spent + 2))).in_the_way == -1
        assert (await kept.reserve("2", want(1, spent + 2))).in_the_way == 0
        assert (await kept.reserve("2", want(1, MOST_COUNTED))).in_the_way == -1
        assert (await kept.reserve("3", want(0, spent + 3))).in_the_way == 0


async def test_a_hostile_name_is_a_name(seeded: Make) -> None:
    names = ["a|b", "}{x} *?[a-z]\\", "\n\r\n$3\r\n", "ü🦆", " ", "r|a"]
    async with seeded() as kept:
        for offset, name in enumerate(names):
            assert (await kept.reserve(f"c{offset}", want(10, counter=f"r|{name}"))).in_the_way == -1
            kept.counters.settle(f"c{offset}", [Used(f"r|{name}", 60, offset + 1)], at(offset))
        assert await kept.taken() == {f"r|{name}": {60: offset + 1} for offset, name in enumerate(names)}


async def test_however_many_reserve_at_once_no_more_pass_than_fits(seeded: Make) -> None:
    async with seeded() as kept:
        verdicts = await asyncio.gather(*(kept.reserve(f"c{n}", want(10), want(1, 1000)) for n in range(50)))
        assert sum(verdict.in_the_way == -1 for verdict in verdicts) == 9, "one and ten at a time, 99 of 100"


async def test_seeds_count_and_what_was_settled_behind_them_is_added(unseeded: Make) -> None:
    async with unseeded() as kept:
        kept.counters.settle("before", [Used("r|a", 60, 1), Used("s|a", 60, 2)], at(100))
        kept.counters.settle("behind", [Used("r|a", 60, 10), Used("s|b", 60, 20)], at(101))
        kept.counters.settle("next", [Used("r|a", 0, 100)], at(1, segment=2))
        await kept.seed([R, S], {at(0)[0]: 100}, Seed("r|a", {60: 1000}), Seed("s|a", {60: 7}))
        assert await kept.taken() == {"r|a": {60: 1010, 0: 100}, "s|a": {60: 7}, "s|b": {60: 20}}


async def test_a_segment_that_is_finished_is_in_the_seeds_to_its_last_byte(unseeded: Make) -> None:
    async with unseeded() as kept:
        kept.counters.settle("1", [Used("r|a", 60, 1)], at(10**12))
        kept.counters.settle("2", [Used("r|a", 60, 10)], at(5, segment=2))
        await kept.seed([R, S], {at(0)[0]: WHOLE}, Seed("r|a", {60: 1000}))
        assert await kept.taken() == {"r|a": {60: 1010}}


async def test_what_calls_in_flight_hold_is_held_behind_the_seeds_as_well(unseeded: Make) -> None:
    async with unseeded() as kept:
        if isinstance(kept, KeptInStore):
            await kept.seed([R, S], {})
        await kept.reserve("1", want(60))
        if isinstance(kept, KeptInStore):
            await kept.begin()
        await kept.seed([R, S], {}, Seed("r|a", {60: 30}))
        verdict = await kept.reserve("2", want(11))
        assert verdict.in_the_way == 0
        assert verdict.levels[0][:2] == (90, 60)
        kept.counters.settle("1", [Used("r|a", 60, 1)], at(3))
        assert await kept.taken() == {"r|a": {60: 31}}


async def test_what_has_left_is_let_go_of(seeded: Make) -> None:
    async with seeded() as kept:
        for bucket in (10, 20, 30):
            kept.counters.settle(str(bucket), [Used("r|a", bucket, 1)], at(bucket))
        kept.counters.forget({"r": 20})
        await kept.reserve("1", want(1, oldest=30))
        kept.counters.settle("1", (), None)
        assert await kept.taken() == {"r|a": {20: 1, 30: 1}}
