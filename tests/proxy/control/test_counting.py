"""Workers are handed what was counted before them; without rules nobody is asked."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from gatewatch.ledger.service import LedgerService
from gatewatch.limits.counters import Seed, Seeds
from gatewatch.limits.rule import Rule
from gatewatch.limits.window import Window
from gatewatch.paths import Home
from proxy.control.alarms import Alarms
from proxy.control.counting import Counting, windowed
from proxy.control.limits_in_force import LimitsInForce
from proxy.control.workers import Workers, still_good
from proxy.settings import Caps, Deadlines, Limiting, Settings
from proxy.worker.live import LiveState
from tests.kit.journals import a_call, segment, whole
from tests.kit.waiting import until
from tests.kit.worker_process import settings_for

MONEY = Rule(id="money", kind="budget", scope="team", measure="picos", most=1, window=Window(seconds=86400 * 400))
AT_ONCE = Rule(id="one", kind="limit", scope="key", measure="concurrent", most=1)


class ToldWorkers(Workers):
    """Keeps what workers would be seeded with."""

    def __init__(self, alarms: Alarms) -> None:
        super().__init__([], 1, alarms)
        self.seeds: list[Seeds] = []

    def seed(self, seeds: Seeds) -> None:
        self.seeds.append(seeds)


class Stage:
    """A home with one call in its journal."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder / "home").make()
        segment(self.home, whole(a_call(0)))
        self.alarms = Alarms()
        self.workers = ToldWorkers(self.alarms)
        self.limits = LimitsInForce(self.workers.limit)
        self.counting = Counting(self.home, self.workers, self.limits, self.alarms)
        self.service = LedgerService(self.home)

    def settings(self, *rules: Rule) -> Settings:
        settings = settings_for(self.home, "http://127.0.0.1:1", Caps(), Deadlines())
        return msgspec.structs.replace(settings, limiting=self.limits.configured(Limiting(rules=rules)))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.counting.stop()
    await asyncio.to_thread(made.service.close)


def report(*unseeded: str) -> LiveState:
    return LiveState(
        pid=7, config_version="c", in_flight=0, streams=0, connections=0, started=0, ended=0, refused=0, errors=0,
        journal_full=False, journal_error=None, keys_stale_since=None, rss_mb=0, draining=False, unseeded=[*unseeded],
    )  # fmt: skip


async def test_a_worker_starts_with_what_the_ledger_has_when_it_is_there(stage: Stage) -> None:
    coming = asyncio.ensure_future(stage.workers.seeding(stage.settings(MONEY, AT_ONCE)))
    await asyncio.sleep(0)
    stage.counting.begin(stage.service)
    seeds = await coming
    assert seeds
    assert (seeds.rules, [seed.counter for seed in seeds.seeds]) == (("money",), ["money|search"])
    assert stage.counting.is_busy(60)


async def test_without_rules_that_count_in_a_window_and_with_a_store_nobody_waits(stage: Stage) -> None:
    assert await stage.counting.for_start(stage.settings()) is None
    assert await stage.counting.for_start(stage.settings(AT_ONCE)) is None
    together = msgspec.structs.replace(stage.settings(MONEY), limits_url="redis://127.0.0.1")
    assert await stage.counting.for_start(together) is None
    assert not stage.counting.is_busy(60)


async def test_a_rule_that_is_new_to_a_worker_that_runs_is_seeded_once(stage: Stage) -> None:
    stage.counting.begin(stage.service)
    stage.settings(MONEY)
    for _ in range(3):
        stage.counting.take(report("money"))
    await until(lambda: stage.workers.seeds)
    stage.counting.take(report("money"))
    assert [seeds.rules for seeds in stage.workers.seeds] == [("money",)]


async def test_a_rule_that_is_not_in_force_is_not_seeded(stage: Stage) -> None:
    stage.counting.begin(stage.service)
    stage.settings(MONEY)
    stage.counting.take(report("gone"))
    await asyncio.sleep(0)
    assert stage.workers.seeds == []


async def test_where_nothing_can_be_read_calls_are_served_and_an_alarm_says_so(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(self: object, rules: object) -> Seeds:
        raise OSError("no disk")

    monkeypatch.setattr("proxy.control.seeding.Seeding.now", nothing)
    stage.counting.begin(stage.service)
    assert await stage.counting.for_start(stage.settings(MONEY)) is None
    (alarm,) = stage.alarms.standing()
    assert (alarm.id, "no disk" in alarm.text) == ("limits_unseeded", True)
    stage.counting.take(report())
    assert stage.alarms.standing() == []


def test_seeds_of_a_rule_that_counts_something_else_by_now_are_left_out() -> None:
    per_day = msgspec.structs.replace(MONEY, window=Window(period="day"))
    raised = msgspec.structs.replace(MONEY, most=9)
    seeds = Seeds(rules=("money",), seeds=(Seed("money|search", {0: 1}),))
    assert still_good(seeds, [MONEY], [per_day]).rules == ()
    assert still_good(seeds, [MONEY], [raised]).rules == ("money",)
    assert windowed([MONEY, AT_ONCE]) == [MONEY]
