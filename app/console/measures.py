"""What the overview's chart can show, and the plot that it makes of a series."""

from collections.abc import Callable
from dataclasses import dataclass

from textual.content import Content

from app.console.content import line
from app.console.figures import Row, clock, compact, dollars, milliseconds, per_second
from app.console.snapshot import SPANS, Overview
from app.console.widgets.chart import Curve, Plot

TIME_LABELS = ((600_000_000, "%H:%M:%S"), (86_400_000_000, "%H:%M"))
"""Windows up to this long → form of the labels; longer ones show the day."""


@dataclass(frozen=True)
class Measure:
    """One chart: its name and its curves, each (name, column of `series`, theme colour), the highest first."""

    name: str
    curves: tuple[tuple[str, str, str], ...]
    figure: Callable[[float], str]
    empty_is_zero: bool = True
    """A bucket without calls counts as 0; a percentile of nothing is a gap."""


def _dollars(value: float) -> str:
    return dollars(f"{value:.12f}")


def _tokens(value: float) -> str:
    return compact(round(value))


MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(
            "latency",
            (("p99", "p99_ms", "error"), ("p95", "p95_ms", "warning"), ("p50", "p50_ms", "primary")),
            milliseconds,
            empty_is_zero=False,
        ),
        Measure(
            "TTFT", (("p95", "ttft_p95_ms", "warning"), ("p50", "ttft_p50_ms", "primary")), milliseconds, empty_is_zero=False
        ),
        Measure(
            "calls",
            (("all", "calls", "primary"), ("errors", "errors", "error"), ("blocked", "blocked", "warning")),
            _tokens,
        ),
        Measure("requests/s", (("all", "rps", "primary"),), per_second),
        Measure("spend", (("USD", "cost_usd", "success"),), _dollars),
        Measure("tokens", (("input", "input_tokens", "primary"), ("output", "output_tokens", "success")), _tokens),
    )
}


def plot_of(name: str, now: Overview) -> tuple[Content, Plot]:
    """The title, which is the legend too, and the plot."""
    measure = MEASURES[name]
    form = next((form for longest, form in TIME_LABELS if SPANS[now.span] <= longest), "%m-%d %H:%M")
    curves = tuple(Curve(_values(now.series, column, measure), colour) for _, column, colour in measure.curves)
    parts: list[Content] = []
    for (label, _, colour), curve in zip(measure.curves, curves, strict=True):
        last = next((value for value in reversed(curve.values) if value is not None), None)
        parts.append(line(("━ ", f"${colour}"), f"{label} {'–' if last is None else measure.figure(last)}"))
    title = line((measure.name, "bold"), "  ", Content("  ").join(parts), (f"  last {now.span}, UTC", "$foreground 65%"))
    return title, Plot(curves, tuple(clock(row["bucket"], form) for row in now.series), measure.figure)


def _values(series: tuple[Row, ...], column: str, measure: Measure) -> tuple[float | None, ...]:
    """Floats for drawing only: no sum is made of them."""
    return tuple(
        float(row[column]) if row.get(column) is not None else 0.0 if measure.empty_is_zero else None for row in series
    )
