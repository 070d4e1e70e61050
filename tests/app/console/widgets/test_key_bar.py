"""The footer."""

from pathlib import Path

from app.console.actions import ACTIONS
from app.console.widgets.key_bar import KeyBar
from tests.kit.console_stage import busy, console, empty


def test_a_cell_belongs_to_the_key_that_is_drawn_there() -> None:
    bar = KeyBar()
    bar.show([(ACTIONS["list.open"], True), (ACTIONS["view.pause"], False)])
    assert bar.render().plain == "enter open  space pause"
    found = [action.id if (action := bar.action_at(x)) else None for x in (-1, 0, 9, 10, 11, 12, 22, 23)]
    assert found == [None, "list.open", "list.open", None, None, "view.pause", "view.pause", None]


async def test_a_click_on_a_key_does_what_the_key_does(tmp_path: Path) -> None:
    async with console(busy(tmp_path)) as stage:
        at = stage.text().splitlines()[-1].index("2 calls")
        await stage.pilot.click(offset=(at, 23))
        await stage.settle()
        assert stage.text().startswith(" Calls")


async def test_a_click_on_a_key_that_does_nothing_now_says_why(tmp_path: Path) -> None:
    async with console(empty(tmp_path)) as stage:
        await stage.pilot.click(offset=(2, 23))
        await stage.settle()
        assert stage.toasts() == ["Cannot open: the list is empty"]
