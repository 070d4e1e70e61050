"""What screens are told of targets that have a level."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.control.shifts import Shifts
from gatewatch.paths import Home
from tests.kit.level_stage import SLOW, LevelStage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[LevelStage]:
    made = LevelStage(Home(tmp_path / "home").make())
    yield made
    made.service.close()


async def test_every_target_with_a_level_is_told_of_with_what_was_measured(stage: LevelStage) -> None:
    stage.calls(30, seconds=SLOW)
    stage.calls(3, "b/m")
    await stage.look()
    slow, fast = stage.watch.states()
    assert (slow.route, slow.target, slow.p95, slow.timed, slow.tries) == ("chat", "a/m", 4_000_000, 30, 30)
    assert (slow.misses, slow.shifted, slow.since) == (("p95",), True, stage.clock.now)
    assert slow.text == "p95 4 s of 30 calls, 2.5 s at most"
    assert (fast.target, fast.p95, fast.misses, fast.shifted, fast.since) == ("b/m", 400_000, (), False, None)


async def test_a_target_that_nobody_has_called_is_told_of_too(stage: LevelStage) -> None:
    await stage.look()
    assert [(state.target, state.timed, state.p95) for state in stage.watch.states()] == [
        ("a/m", 0, None),
        ("b/m", 0, None),
    ]


async def test_what_came_back_a_day_ago_is_forgotten(stage: LevelStage) -> None:
    stage.calls(20, seconds=SLOW)
    await stage.look()
    await stage.look(after=15 * 60)
    assert stage.watch.states()[0].since is not None
    await stage.look(after=25 * 3600)
    assert stage.watch.states()[0].since is None


async def test_a_days_tries_are_counted_less_often_where_that_takes_long(stage: LevelStage) -> None:
    stage.takes = 1.0
    stage.calls(20, "b/m")
    await stage.look()
    stage.calls(20, seconds=SLOW)
    stage.calls(30, "b/m")
    assert await stage.look() == ["shift:a/m of chat"], "times are of now"
    assert [(state.timed, state.tries) for state in stage.watch.states()] == [(20, 0), (50, 20)]
    with stage.store("ann") as store:
        assert Shifts(store).take_back("chat", "a/m", "it is well", forgive=True)
    await stage.look()
    assert [state.tries for state in stage.watch.states()] == [0, 50], "an operator's word has them counted anew"
