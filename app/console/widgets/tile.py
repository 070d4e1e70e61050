"""One headline number: what it is, the number in large digits, what stands beside it, and its trend."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Digits, Sparkline

from app.console.widgets.still import Still


class Tile(Vertical):
    """Six lines high, twenty cells wide or more."""

    DEFAULT_CSS = """
    Tile { width: 1fr; height: 6; padding: 0 1; }
    Tile > .tile--label { height: 1; color: $foreground 65%; text-wrap: nowrap; text-overflow: ellipsis; }
    Tile > Digits { height: 3; width: 100%; text-wrap: nowrap; }
    Tile > .tile--note { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    Tile > Sparkline { height: 1; }
    Tile.-bad > Digits { color: $error; }
    Tile.-warn > Digits { color: $warning; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._label = Still(classes="tile--label")
        self._digits = Digits("")
        self._note = Still(classes="tile--note")
        self._trend = Sparkline([])

    def compose(self) -> ComposeResult:
        yield self._label
        yield self._digits
        yield self._note
        yield self._trend

    def show(self, label: Content, figure: str, note: Content, trend: Sequence[float], alarm: str = "") -> None:
        """`alarm` is `bad`, `warn` or nothing; the note says it in words too."""
        self._label.show(label)
        self._note.show(note)
        if self._digits.value != figure:
            self._digits.update(figure)
        if list(self._trend.data or ()) != list(trend):
            self._trend.data = list(trend)
        self.set_class(alarm == "bad", "-bad").set_class(alarm == "warn", "-warn")
