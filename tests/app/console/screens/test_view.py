"""What every screen has in common."""

from pathlib import Path

from app.console.app import ConsoleApp
from app.console.screens.view import View
from tests.kit.console_stage import busy, console


def test_every_mode_is_a_view_with_a_footer() -> None:
    from app.console.actions import FOOTERS

    for screen in ConsoleApp.MODES.values():
        assert issubclass(screen, View)
        assert screen.PLACE in FOOTERS


async def test_typing_gets_the_keys_and_escape_gives_them_back(tmp_path: Path) -> None:
    async with console(busy(tmp_path)) as stage:
        await stage.press("colon", "q")
        assert stage.app.view
        assert stage.app.view.command_line.is_open
        await stage.press("escape")
        assert not stage.app.view.command_line.is_open
        assert stage.app.focused is not None
        assert stage.app.focused.id == "models"


async def test_a_paused_screen_keeps_what_it_shows_when_the_gateway_goes(tmp_path: Path) -> None:
    async with console(busy(tmp_path)) as stage:
        await stage.press("space")
        before = stage.text().splitlines()[1:]
        stage.source.go_away()
        await stage.look()
        assert stage.text().splitlines()[1:] == before
        assert "not reachable" in stage.text().splitlines()[0]
