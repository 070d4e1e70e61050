"""The gateway says which names in its rules nobody has, for as long as nobody has them."""

import asyncio
import logging
from pathlib import Path

import pytest

from gatewatch.config.loading import Loaded, load
from gatewatch.control.store import ControlStore
from proxy.control import names_of_rules as module
from proxy.control.alarms import Alarms
from proxy.control.names_of_rules import NamesOfRules
from tests.kit.waiting import until


class Stage:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "gatewatch.yaml"
        self.control = folder / "control.db"
        self.alarms = Alarms()
        self.loaded = self.write("serch")
        self.names = NamesOfRules(ControlStore.open(self.control, actor="gateway"), lambda: self.loaded, self.alarms)

    def write(self, team: str) -> Loaded:
        self.path.write_text(f"budgets:\n  a: {{scope: team/{team}, usd: 1}}\n")
        self.loaded = load(self.path, {})
        return self.loaded

    def create_team(self, name: str) -> None:
        """As another process does."""
        with ControlStore.open(self.control) as store:
            store.create_team(name)

    def said(self) -> dict[str, str]:
        return {alarm.id: alarm.text for alarm in self.alarms.standing()}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_a_rule_for_nobody_is_an_alarm_and_a_line_in_the_log_once(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "gatewatch.control"):
        stage.names.look()
        stage.create_team("search")
        stage.names.look()
        stage.names.look()
    assert stage.said() == {
        "nobody:budgets.a.scope": f"{stage.path}:2: budgets.a.scope: found no team 'serch'; did you mean search?"
        " – until there is one, this rule holds for no call."
    }
    assert len(caplog.records) == 2, "once before there was a team to be meant, once since"


def test_it_is_over_once_the_name_is_mended_or_somebody_has_it(stage: Stage) -> None:
    stage.create_team("search")
    stage.names.look()
    assert stage.said()
    stage.write("search")
    stage.names.look()
    assert stage.said() == {}
    stage.write("ads")
    stage.names.look()
    assert stage.said()
    stage.create_team("ads")
    stage.names.look()
    assert stage.said() == {}


async def test_it_is_looked_at_again_by_itself(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    watching = asyncio.create_task(stage.names.run())
    await until(stage.said, bool)
    stage.create_team("serch")
    await until(stage.said, lambda said: not said)
    watching.cancel()
