"""A counter that is not what the ledger says is named with both figures, and counted anew."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gatewatch.control.records import now_us
from gatewatch.ledger.service import LedgerService
from gatewatch.limits.counters import Standing
from gatewatch.limits.rule import Rule
from gatewatch.limits.window import Window
from gatewatch.paths import Home
from proxy.control.alarms import Alarms
from proxy.control.compared_worker import ComparedWorker
from proxy.control.limits_in_force import LimitsInForce
from proxy.control.verifying import Difference, Verifying
from proxy.control.workers import Workers
from proxy.settings import Caps, Deadlines, Limiting
from proxy.worker.live import LiveState
from tests.kit.journals import SECOND, Worker, a_call, whole
from tests.kit.worker_process import settings_for

DAYS = Window(seconds=864_000)
MONEY = Rule(id="money", kind="budget", scope="team", measure="picos", most=1, window=DAYS)
CALLS = Rule(id="calls", kind="limit", scope="user", measure="requests", most=1, window=DAYS)


class Counted(Workers):
    """One worker that answers with these counters, at this position of its journal."""

    def __init__(self, alarms: Alarms, home: Home) -> None:
        super().__init__([], 1, alarms)
        self.settled: dict[str, int] = {}
        self.unseeded: list[str] = []
        self.position = ("", 0)
        self.recounted: list[str] = []
        self.parts = 1
        self.states = {7: self.report(None)}
        self._settings = settings_for(home, "http://127.0.0.1:1", Caps(), Deadlines())

    def report(self, standing: Standing | None) -> LiveState:
        return LiveState(
            pid=7, config_version="c", in_flight=0, streams=0, connections=0, started=0, ended=0, refused=0, errors=0,
            journal_full=False, journal_error=None, keys_stale_since=None, rss_mb=0, draining=False,
            unseeded=self.unseeded, standing=standing,
        )  # fmt: skip

    def count(self, at: int, begin: int) -> None:
        keys = sorted(self.settled)[begin :: self.parts] if self.parts > 1 else sorted(self.settled)
        following = begin + 1 if begin + 1 < self.parts else 0
        settled = {key: self.settled[key] for key in keys}
        standing = Standing(at=at, position=self.position, settled=settled, begin=begin, following=following)
        self.on_report(self.report(standing))

    def recount(self, rules: list[str]) -> None:
        self.recounted += rules


class Stage:
    """Three calls in the journal of a living worker, of 100, 20 and 3 picodollars."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder / "home").make()
        self.alarms = Alarms()
        self.workers = Counted(self.alarms, self.home)
        self.limits = LimitsInForce(lambda _: None)
        self.limits.configured(Limiting(rules=(MONEY, CALLS)))
        compared = ComparedWorker(self.workers)
        self.verifying = Verifying(compared, self.limits, self.alarms)
        self.workers.on_report = compared.take
        self.service = LedgerService(self.home)
        self.writer = Worker(self.home)
        began = now_us() - 10 * SECOND
        for n, picos in enumerate([100, 20, 3]):
            self.writer.write(whole(a_call(n, at_us=began + n, cost_picos=picos, user="ann")))
        self.stand()

    def stand(self) -> None:
        self.workers.position = (self.writer.path.stem, self.writer.path.stat().st_size)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.writer.die()
    await asyncio.to_thread(made.service.close)


async def test_counters_that_are_what_the_ledger_says_raise_nothing(stage: Stage) -> None:
    stage.workers.settled = {"money|search": 123, "calls|ann": 3}
    found = await stage.verifying.verify(stage.service)
    assert (found.compared, found.differences, found.skipped) == (2, (), None)
    assert (stage.alarms.standing(), stage.workers.recounted) == ([], [])


async def test_calls_behind_the_counters_position_are_not_held_against_them(stage: Stage) -> None:
    stage.workers.settled = {"money|search": 123, "calls|ann": 3}
    stage.writer.write(whole(a_call(3, at_us=now_us() - SECOND, cost_picos=5000, user="ann")))
    assert (await stage.verifying.verify(stage.service)).differences == ()


async def test_a_difference_is_named_with_both_figures_and_set_right(stage: Stage) -> None:
    stage.workers.settled = {"money|search": 10**12 + 123, "calls|ann": 3}
    found = await stage.verifying.verify(stage.service)
    assert found.differences == (
        Difference(rule="money", name="search", measure="picos", counted=10**12 + 123, ledger=123),
    )
    (alarm,) = stage.alarms.standing()
    assert alarm.id == "counters_differ"
    assert "money of 'search' had 1.000000000123 USD where the ledger has 0.000000000123" in alarm.text
    assert "gatewatch ledger check" in alarm.text
    assert stage.workers.recounted == ["money"]


async def test_a_counter_that_the_worker_has_lost_is_a_difference_too(stage: Stage) -> None:
    stage.workers.settled = {"money|search": 123}
    (lost,) = (await stage.verifying.verify(stage.service)).differences
    assert lost.text == "calls of 'ann' had 0 requests where the ledger has 3"


async def test_rules_that_are_not_seeded_yet_are_not_compared(stage: Stage) -> None:
    stage.workers.settled, stage.workers.unseeded = {"money|search": 123}, ["calls"]
    assert (await stage.verifying.verify(stage.service)).differences == ()


async def test_many_counters_are_compared_part_by_part(stage: Stage) -> None:
    stage.workers.settled, stage.workers.parts = {"money|search": 124, "calls|ann": 4}, 2
    found = await stage.verifying.verify_all(stage.service)
    assert (found.compared, found.following) == (2, 0)
    assert sorted(each.rule for each in found.differences) == ["calls", "money"]


async def test_where_it_cannot_be_compared_it_is_said_why(stage: Stage) -> None:
    stage.limits.configured(Limiting())
    assert (await stage.verifying.verify(stage.service)).skipped == "no limit and no budget counts in a window"
    stage.limits.configured(Limiting(rules=(MONEY,)))
    stage.workers.states = {}
    assert (await stage.verifying.verify(stage.service)).skipped == "not exactly one worker runs"
    stage.workers.states = {7: stage.workers.report(None)}
    stage.service.close()
    assert (await stage.verifying.verify(stage.service)).skipped == "The ledger is closed"
