"""What the overview's chart can show, and the plot that it makes of a series.

Keeps true: a bucket that has only just begun is left out, as its percentiles are those of the calls that were quick;
what counts up during a bucket is shown as a rate, so that buckets of any length, and the newest, compare.
"""

from collections.abc import Callable
from dataclasses import dataclass

from textual.content import Content

from app.console.content import line
from app.console.figures import clock, compact, dollars, milliseconds, per_second, quantity
from app.console.snapshot import SPANS, Overview
from app.console.widgets.chart import Curve, Plot
from gatewatch.timespan import parse_instant

SECOND, MINUTE, HOUR = 1_000_000, 60_000_000, 3_600_000_000
YOUNG_US = 15 * SECOND
"""Younger buckets are left out."""
TIME_LABELS = ((24 * HOUR, "%H:%M"), (100 * 24 * HOUR, "%m-%d"))
"""Windows up to this long → form of their time labels."""


@dataclass(frozen=True)
class Measure:
    """One chart: its name, its curves (name, column of `series`, theme colour), the highest first, and its axis."""

    name: str
    curves: tuple[tuple[str, str, str], ...]
    figure: Callable[[float], str]
    per_us: int | None = None
    """Shown as a rate per so many microseconds; None: as it is, a bucket without calls is a gap."""


MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(
            "latency",
            (("p99", "p99_ms", "error"), ("p95", "p95_ms", "warning"), ("p50", "p50_ms", "primary")),
            milliseconds,
        ),
        Measure("TTFT", (("p95", "ttft_p95_ms", "warning"), ("p50", "ttft_p50_ms", "primary")), milliseconds),
        Measure(
            "requests/s",
            (("all", "calls", "primary"), ("errors", "errors", "error"), ("blocked", "blocked", "warning")),
            per_second,
            SECOND,
        ),
        Measure(
            "spend per hour",
            (("USD", "cost_usd", "success"),),
            lambda value: dollars(f"{value:.9f}"),
            HOUR,
        ),
        Measure(
            "tokens per minute",
            (("input", "input_tokens", "primary"), ("output", "output_tokens", "success")),
            lambda value: compact(round(value)),
            MINUTE,
        ),
    )
}


def plot_of(name: str, now: Overview) -> tuple[Content, Plot]:
    """The title, which is the legend too, and the plot."""
    measure = MEASURES[name]
    curves = tuple(Curve(_values(now, column, measure.per_us), colour) for _, column, colour in measure.curves)
    parts: list[Content] = []
    for (label, _, colour), curve in zip(measure.curves, curves, strict=True):
        last = next((value for value in reversed(curve.values) if value is not None), None)
        parts.append(line(("━ ", f"${colour}"), f"{label} {'–' if last is None else measure.figure(last)}"))
    title = line(
        (measure.name, "bold"), "  ", Content("  ").join(parts), (f"  last {now.span}, UTC", "$foreground 65%")
    )
    form = next(form for longest, form in TIME_LABELS if SPANS[now.span] <= longest)
    times = tuple(clock(row["bucket"], form) for row in now.series[: len(curves[0].values)])
    return title, Plot(curves, times, measure.figure)


def trend(now: Overview, column: str, per_us: int | None = None) -> list[float]:
    """A column for a sparkline."""
    return [value or 0.0 for value in _values(now, column, per_us)]


def _values(now: Overview, column: str, per_us: int | None) -> tuple[float | None, ...]:
    begins = [parse_instant(row["bucket"], 0) for row in now.series]
    ends = [*begins[1:], now.at_us]
    values = []
    for row, begin, end in zip(now.series, begins, ends, strict=True):
        if end is now.at_us and end - begin < YOUNG_US:
            break
        value = quantity(row.get(column))
        values.append(value if value is None or per_us is None else value * per_us / (end - begin))
    return tuple(values)
