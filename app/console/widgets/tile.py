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

    def compose(self) -> ComposeResult:
        yield Still(classes="tile--label")
        yield Digits("")
        yield Still(classes="tile--note")
        yield Sparkline([])

    def show(self, label: Content, figure: str, note: Content, trend: Sequence[float], alarm: str = "") -> None:
        """`alarm` is `bad`, `warn` or nothing; the note says it in words too."""
        self.query_one(".tile--label", Still).show(label)
        self.query_one(".tile--note", Still).show(note)
        digits = self.query_one(Digits)
        if digits.value != figure:
            digits.update(figure)
        spark = self.query_one(Sparkline)
        if list(spark.data or ()) != list(trend):
            spark.data = list(trend)
        self.set_class(alarm == "bad", "-bad").set_class(alarm == "warn", "-warn")
