"""The line for links and filters."""

from textual.app import App, ComposeResult
from textual.widgets import Input

from app.console.links import Link
from app.console.widgets.command_line import CommandLine
from app.console.widgets.still import Still


class Typing(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.went: list[Link] = []
        self.closed = 0

    def compose(self) -> ComposeResult:
        yield CommandLine()

    def on_command_line_went(self, message: CommandLine.Went) -> None:
        self.went.append(message.link)

    def on_command_line_closed(self) -> None:
        self.closed += 1


async def typed(kind: str, text: str) -> tuple[Typing, str, int]:
    """The app, the note under the line, the place of the cursor."""
    app = Typing()
    async with app.run_test(size=(80, 10)) as pilot:
        line = app.query_one(CommandLine)
        line.open(kind, text)
        await pilot.press("enter")
        note = app.query_one(".command--note", Still)
        return app, str(note.content), app.query_one(Input).cursor_position


async def test_a_filter_is_a_link_to_the_calls() -> None:
    app, _, _ = await typed("filter", "team=search")
    assert app.went == [Link("calls", "team=search")]
    assert app.closed == 1


async def test_a_link_with_or_without_its_colon() -> None:
    for text in ("calls status=429", ":calls status=429"):
        app, _, _ = await typed("link", text)
        assert app.went == [Link("calls", "status=429")]


async def test_a_mistake_in_a_filter_is_under_its_column() -> None:
    app, note, cursor = await typed("filter", "team=x statsu=500")
    assert app.went == []
    assert note.splitlines()[0] == "       ▲"
    assert "did you mean status?" in note
    assert cursor == 7


async def test_a_mistake_in_a_link_counts_from_the_filter_in_it() -> None:
    _, note, cursor = await typed("link", ":calls  team=x statsu=500")
    assert note.splitlines()[0] == " " * 15 + "▲"
    assert cursor == 15


async def test_a_place_that_does_not_exist_needs_no_pointer() -> None:
    _, note, _ = await typed("link", "nowhere")
    assert note.startswith("✗ There is no :nowhere here")


async def test_what_stands_there_is_harmless() -> None:
    app = Typing()
    async with app.run_test() as pilot:
        app.query_one(CommandLine).open("filter", "a\x1b]52;c;x\x07")
        await pilot.pause()
        assert app.query_one(Input).value == "a␛]52;c;x␇"
