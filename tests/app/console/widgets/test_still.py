"""Text that is painted only when it changes."""

from textual.app import App, ComposeResult

from app.console.content import line, plain
from app.console.widgets.still import Still


class Shown(App[None]):
    CSS = "#auto { width: auto; height: auto; } #fixed { width: 10; height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.auto, self.fixed = Still(id="auto"), Still(id="fixed")

    def compose(self) -> ComposeResult:
        yield self.auto
        yield self.fixed


async def test_the_same_again_paints_nothing_and_another_colour_does() -> None:
    app = Shown()
    async with app.run_test() as pilot:
        app.fixed.show(plain("x"))
        await pilot.pause()
        painted: list[str] = []
        app.fixed.update = lambda content, **_: painted.append(str(content))  # type: ignore[method-assign, assignment]
        app.fixed.show(plain("x"))
        assert painted == []
        app.fixed.show(line(("x", "bold")))
        assert painted == ["x"]


async def test_only_what_changes_its_size_is_laid_out_anew() -> None:
    app = Shown()
    async with app.run_test() as pilot:
        laid_out: list[bool] = []
        for still in (app.auto, app.fixed):
            still.show(plain("abc"))
            await pilot.pause()
            still.update = lambda _, layout: laid_out.append(layout)  # type: ignore[method-assign, assignment]
        app.auto.show(plain("abd"))
        app.auto.show(plain("abcd"))
        app.fixed.show(plain("abcd"))
        assert laid_out == [False, True, False]


async def test_it_can_be_told_before_it_is_on_a_screen() -> None:
    still = Still()
    still.show(plain("early"))
    assert str(still.content) == "early"
