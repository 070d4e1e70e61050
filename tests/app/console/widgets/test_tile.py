"""A headline number."""

from textual.app import App, ComposeResult
from textual.widgets import Digits, Sparkline

from app.console.content import plain
from app.console.widgets.tile import Tile


class Tiled(App[None]):
    def compose(self) -> ComposeResult:
        yield Tile(id="errors")


async def test_it_shows_the_figure_its_trend_and_how_bad_it_is() -> None:
    app = Tiled()
    async with app.run_test() as pilot:
        tile = app.query_one(Tile)
        tile.show(plain("errors"), "5.1%", plain("✗ 15 min 4.9%"), [0.0, 3.0], "bad")
        await pilot.pause()
        assert tile.query_one(Digits).value == "5.1%"
        assert tile.query_one(Sparkline).data == [0.0, 3.0]
        assert tile.has_class("-bad")
        tile.show(plain("errors"), "0.0%", plain("15 min 4.9%"), [0.0, 3.0])
        assert not tile.has_class("-bad")
