"""A chart with axes. The only importer of plotext, whose figure is one global: built inside `render`, on the UI thread.

Keeps true: curves start at 0, a bucket without a value is a gap, the newest bucket is at the right edge. Drawn again
only when the plot, the size or the theme is another one.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, log10
from typing import Any

from rich.text import Text
from textual.color import Color
from textual.content import Content
from textual.widget import Widget

_BACKGROUND = re.compile(r"\x1b\[48;[0-9;]+m")
"""plotext paints axes on a background of its own, whatever it is told; ours is the theme's."""
LABEL_CELLS = 14
"""Room for one time on the axis below."""


@dataclass(frozen=True)
class Curve:
    """One line. `colour` is a theme variable, as in `primary`."""

    values: tuple[float | None, ...]
    colour: str


@dataclass(frozen=True)
class Plot:
    """What a chart shows: curves over the same buckets, oldest first."""

    curves: tuple[Curve, ...]
    times: tuple[str, ...]
    """One label for each bucket."""
    figure: Callable[[float], str]
    """A value → its text on the axis."""


class Chart(Widget):
    """One plot. Where there is nothing to draw yet, it says so."""

    DEFAULT_CSS = """
    Chart { height: 1fr; padding: 0 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._plot: Plot | None = None
        self._drawn: tuple[object, Content] = (None, Content(""))

    def show(self, plot: Plot) -> None:
        """Replace what is shown."""
        if plot != self._plot:
            self._plot = plot
            self.refresh()

    def render(self) -> Content:
        of = (self._plot, self.size, self.app.theme)
        if self._drawn[0] != of:
            self._drawn = (of, self._draw(self._plot) if self._plot and self.size.area else Content(""))
        return self._drawn[1]

    def _draw(self, plot: Plot) -> Content:
        import plotext  # 170 ms: after the first paint

        top = max((value for curve in plot.curves for value in curve.values if value is not None), default=None)
        if top is None or len(plot.times) < 2:
            return Content("  Nothing to draw yet: the first minute is still being counted.")
        plotext.terminal.limit(False, False)
        figure = plotext.figure
        figure.clear()
        figure.plot_size(self.size.width, self.size.height)
        figure.canvas("default")
        quiet = plotext.pixel(foreground=self._rgb("foreground", 0.55))
        figure.axes(True, pixel=quiet)
        figure.axes(False, axis="x", side="upper")
        figure.axes(False, axis="y", side="right")
        figure.ruler("both", "both").pixel(quiet)
        ticks = steps(top, max(2, (self.size.height - 2) // 3))
        figure.ruler("y", "left").lim(0, ticks[-1]).ticks(ticks, [plot.figure(tick) if tick else "0" for tick in ticks])
        last = len(plot.times) - 1
        every = max(1, ceil(last * LABEL_CELLS / max(1, self.size.width - 8)))
        places = list(range(last, -1, -every))[::-1]
        figure.ruler("x", "lower").lim(0, last).ticks(places, [plot.times[place] for place in places])
        for curve in plot.curves:
            self._draw_curve(plotext, figure, curve)
        return Content.from_rich_text(Text.from_ansi(_BACKGROUND.sub("", str(figure.build()).rstrip("\n"))))

    def _draw_curve(self, plotext: Any, figure: Any, curve: Curve) -> None:
        known = [(place, value) for place, value in enumerate(curve.values) if value is not None]
        if not known:
            return
        pixel = plotext.pixel(foreground=self._rgb(curve.colour))
        marker = plotext.marker("braille", pixel)
        signal = figure.signal([p for p, _ in known], [v for _, v in known], marker=marker)
        signal.lines(True).density("full")
        for index in range(1, len(known)):
            if known[index][0] - known[index - 1][0] > 1:
                signal.line(index, False)
        figure.draw(signal)

    def _rgb(self, name: str, strength: float = 1.0) -> tuple[int, int, int]:
        """A theme colour over the background."""
        background = Color.parse(self.app.theme_variables["background"])
        return background.blend(Color.parse(self.app.theme_variables[name]), strength).rgb


def steps(top: float, count: int) -> list[float]:
    """Round numbers from 0 to just above `top`, about `count` of them after 0."""
    if top <= 0:
        return [0.0, 1.0]
    rough = top / count
    power = 10.0 ** int(log10(rough) // 1)
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    return [step * number for number in range(ceil(top / step * 0.999) + 1)]
