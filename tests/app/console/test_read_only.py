"""`--read-only`: no action that changes something, and no hint of one: no key, no footer, no help, no palette entry.

One is put into the registry here, everywhere an action can be seen.
"""

from pathlib import Path

import pytest
from textual.binding import Binding

from app.console.actions import ACTIONS, FOOTERS, PLACE_NAMES, Action, of_place
from app.console.app import ConsoleApp
from app.console.bindings import bindings_of
from app.console.screens.call import CallScreen
from app.console.screens.calls import CallsScreen
from app.console.screens.overview import OverviewScreen
from app.console.screens.routes import RoutesScreen
from tests.kit.console_stage import LARGE, Stage, busy, console

CHANGING = {"routes.roll_back", "routes.drain"}
"""Ids of the actions that change something in the gateway, by hand: whoever adds one says so here."""

REVOKE = Action("key.revoke", "revoke", "Revoke the key", ("x",), "app.bell", ("calls", "everywhere"), changes=True)


@pytest.fixture
def with_revoke(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ACTIONS, REVOKE.id, REVOKE)
    monkeypatch.setitem(FOOTERS, "calls", (REVOKE.id, *FOOTERS["calls"]))


def test_what_changes_something_is_marked_as_such() -> None:
    assert {action.id for action in ACTIONS.values() if action.changes} == CHANGING


def test_every_key_of_the_console_is_an_action_of_the_registry() -> None:
    """So that what a read-only console leaves out of the registry is nowhere else."""
    for place, shown in (
        ("everywhere", ConsoleApp),
        ("overview", OverviewScreen),
        ("calls", CallsScreen),
        ("call", CallScreen),
        ("routes", RoutesScreen),
    ):
        bound = {each.id for each in shown.BINDINGS if isinstance(each, Binding)}
        assert bound <= set(ACTIONS), place
        assert bound >= {binding.id for binding in bindings_of(place)}
        assert all(each.action.startswith("app.do(") for each in shown.BINDINGS if isinstance(each, Binding))


@pytest.mark.parametrize("place", PLACE_NAMES)
def test_a_read_only_console_has_all_actions_but_those_that_change_something(place: str) -> None:
    everything = {action.id for action in of_place(place)}
    assert {action.id for action in of_place(place, read_only=True)} == everything - CHANGING


async def hints(stage: Stage) -> dict[str, bool]:
    """Where something says that a key could be revoked."""
    found = {"footer": "revoke" in stage.text()}
    found["palette"] = any("Revoke" in command.title for command in stage.app.get_system_commands(stage.app.screen))
    await stage.press("question_mark")
    found["help"] = "Revoke" in stage.text()
    await stage.press("escape")
    return found


@pytest.mark.usefixtures("with_revoke")
async def test_a_console_that_may_change_things_shows_how(tmp_path: Path) -> None:
    async with console(busy(tmp_path), LARGE, ":calls") as stage:
        assert await hints(stage) == {"footer": True, "palette": True, "help": True}


@pytest.mark.usefixtures("with_revoke")
async def test_a_read_only_console_has_no_hint_of_it_and_does_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    async with console(busy(tmp_path), LARGE, ":calls", read_only=True) as stage:
        assert await hints(stage) == {"footer": False, "palette": False, "help": False}
        monkeypatch.setattr(stage.app, "run_action", lambda action: done.append(action))
        await stage.app.action_do(REVOKE.id)
        assert done == []
        assert "revoke" not in stage.text().lower(), "not even a refusal tells of it"
