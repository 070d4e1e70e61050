"""Traffic is shifted away from a target that does not keep to its level, and comes back by itself."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.control.shifts import Shift, Shifts
from gatewatch.paths import Home
from gatewatch.routing.service_level import Level
from proxy.control.service_levels import overrides
from proxy.routing import RouteOverride
from tests.kit.journals import SECOND
from tests.kit.level_stage import CHAT, FAST, SLOW, LevelStage
from tests.kit.waiting import eventually

MINUTE = 60


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[LevelStage]:
    made = LevelStage(Home(tmp_path / "home").make())
    yield made
    made.service.close()


async def test_a_slow_target_comes_last_and_comes_back_when_it_is_fast_again(stage: LevelStage) -> None:
    stage.calls(20, seconds=SLOW)
    stage.calls(20, "b/m")
    assert await stage.look() == ["shift:a/m of chat"]
    stage.clock.now += 2 * MINUTE * SECOND
    stage.calls(4, seconds=FAST)
    assert await stage.look() == ["shift:a/m of chat"], "four calls say nothing"
    stage.calls(1, seconds=FAST)
    assert await stage.look() == []
    assert await stage.look() == [], "what was slow before it came back is no reason to shift it again"
    assert stage.trail() == [("gateway", "target.shift", "chat|a/m"), ("gateway", "target.return", "chat|a/m")]


async def test_workers_are_told_by_the_targets_name(stage: LevelStage) -> None:
    stage.calls(20, seconds=SLOW)
    await stage.look()
    (pushed,) = stage.pushed
    assert pushed.overrides == (RouteOverride(kind="shift", id="shift:a/m", route="chat", target="a/m"),)
    await stage.look()
    assert len(stage.pushed) == 1, "what stays is not told again"


async def test_a_target_that_stays_slow_stays_last_for_as_long_as_it_is_seen(stage: LevelStage) -> None:
    stage.calls(20, seconds=SLOW)
    for _ in range(4):
        assert await stage.look(after=5 * MINUTE) == ["shift:a/m of chat"]
        stage.calls(6, seconds=SLOW)


async def test_a_target_that_nobody_asks_any_more_is_tried_again(stage: LevelStage) -> None:
    stage.calls(20, seconds=SLOW)
    await stage.look()
    assert await stage.look(after=14 * MINUTE) == ["shift:a/m of chat"]
    assert await stage.look(after=MINUTE) == []


async def test_a_spent_error_budget_comes_back_when_the_day_and_the_last_hour_keep_it(stage: LevelStage) -> None:
    stage.calls(400)
    stage.failures(6)
    assert await stage.look() == ["shift:a/m of chat"]
    stage.calls(150)
    assert await stage.look(after=10 * MINUTE) == ["shift:a/m of chat"], "6 of 556 are more than one of a hundred"
    stage.calls(800)
    stage.clock.now += 80 * MINUTE * SECOND
    stage.calls(15)
    stage.failures(5)
    assert await stage.look() == ["shift:a/m of chat"], "11 of 1376 in the day, but 5 of 20 in the last hour"
    assert await stage.look(after=61 * MINUTE) == []
    await stage.look(after=24 * 60 * MINUTE)
    (left,) = [state for state in stage.watch.states() if state.target == "a/m"]
    assert (left.tries, left.failures) == (0, 0), "a day later all of it is forgotten"


async def test_failures_behind_which_another_target_answered_count(stage: LevelStage) -> None:
    """The call's own row says that all is well: only its tries tell who failed."""
    stage.calls(200, "b/m")
    stage.failures(100)
    assert await stage.look() == ["shift:a/m of chat"]


async def test_where_all_targets_are_slow_nothing_moves_and_an_alarm_says_so(stage: LevelStage) -> None:
    stage.calls(20, "a/m", SLOW)
    stage.calls(20, "b/m", SLOW)
    assert await stage.look() == []
    (alarm,) = stage.alarms.standing()
    assert alarm.id == "service_level:chat"
    assert "a/m: p95 4 s of 20 calls, 2.5 s at most" in alarm.text
    stage.calls(500, "b/m", FAST)
    assert await stage.look() == ["shift:a/m of chat"]
    assert stage.alarms.standing() == []


async def test_routes_have_levels_of_their_own(stage: LevelStage) -> None:
    patient = Level(route="patient", targets=("a/m", "b/m"), p95=30_000_000, errors=10_000)
    stage.levels = (CHAT, patient)
    stage.calls(20, seconds=SLOW)
    stage.calls(20, seconds=SLOW, route="patient")
    assert await stage.look() == ["shift:a/m of chat"]


async def test_a_restart_keeps_what_is_shifted_from_the_first_call_on(stage: LevelStage) -> None:
    stage.calls(20, seconds=SLOW)
    await stage.look()
    stage.begin()
    assert [each.id for each in stage.first.overrides] == ["shift:a/m"]
    assert await stage.look(after=MINUTE) == ["shift:a/m of chat"]
    assert len(stage.trail()) == 1


async def test_while_the_ledger_does_not_answer_nothing_moves_and_an_alarm_says_so(stage: LevelStage) -> None:
    stage.calls(20, seconds=SLOW)
    await stage.look()
    stage.locked = True
    assert await stage.look(after=MINUTE) == ["shift:a/m of chat"]
    (alarm,) = stage.alarms.standing()
    assert "Service levels are not watched" in alarm.text
    stage.locked = False
    await stage.look()
    assert stage.alarms.standing() == []


async def test_a_ledger_that_is_behind_says_nothing(stage: LevelStage) -> None:
    stage.calls(20, seconds=SLOW)
    stage.locked = True  # and so nothing is loaded while time passes
    stage.clock.now += 21_000_000
    stage.locked = False
    await stage.watch.settle()
    assert not stage.routes.routing.overrides
    assert stage.alarms.standing()


async def test_a_target_whose_level_is_gone_is_in_its_place_again(stage: LevelStage) -> None:
    stage.calls(20, seconds=SLOW)
    await stage.look()
    stage.levels = ()
    assert await stage.look() == []
    assert stage.trail()[-1] == ("gateway", "target.return", "chat|a/m")


async def test_what_an_operator_brings_back_is_back_at_once(stage: LevelStage) -> None:
    stage.calls(400)
    stage.failures(10)
    await stage.look()
    running = asyncio.create_task(stage.watch.run())
    try:
        with stage.store("ann") as store:
            assert Shifts(store).take_back("chat", "a/m", "the provider has mended it", forgive=True)
        stage.watch.look_soon()
        await eventually(lambda: not stage.routes.routing.overrides)
    finally:
        running.cancel()
    assert await stage.look(after=2 * MINUTE) == [], "what failed before is forgiven"
    assert stage.trail()[-1] == ("ann", "target.return", "chat|a/m")


async def test_without_levels_the_ledger_is_not_asked(stage: LevelStage) -> None:
    stage.levels, stage.locked = (), True
    assert await stage.look() == []
    assert stage.alarms.standing() == []


def test_only_what_comes_last_is_put_in_force() -> None:
    back = Shift(route="chat", target="b/m", since=1)
    last = Shift(route="chat", target="a/m", misses=("p95",), since=1)
    assert [each.target for each in overrides([back, last])] == ["a/m"]
