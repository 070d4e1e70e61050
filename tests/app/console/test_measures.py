"""What the chart shows of a series."""

from typing import Any

import pytest

from app.console.measures import HOUR, MEASURES, MINUTE, SECOND, plot_of, trend
from app.console.snapshot import Overview

AT = 1_795_168_800_000_000
"""2026-11-20T10:00:00Z."""


def bucket(begin: str, **values: Any) -> dict[str, Any]:
    counts = dict.fromkeys(("calls", "errors", "blocked", "input_tokens", "output_tokens"), 0)
    gaps = dict.fromkeys(("p50_ms", "p95_ms", "p99_ms", "ttft_p50_ms", "ttft_p95_ms"))
    return {"bucket": f"2026-11-20T{begin}:00.000000Z", "cost_usd": "0", **counts, **gaps, **values}


def overview(*series: dict[str, Any], at_us: int = AT, span: str = "15 min") -> Overview:
    return Overview(at_us, span, {}, {}, {}, series, (), (), ())


TWO = (bucket("09:58", calls=120, cost_usd="0.5", p95_ms=7.0), bucket("09:59", calls=30, cost_usd="unpriced"))


def test_what_counts_up_is_a_rate() -> None:
    now = overview(*TWO)
    assert trend(now, "calls", SECOND) == [2.0, 0.5]
    assert trend(now, "cost_usd", HOUR) == [30.0, 0.0]


def test_the_newest_bucket_counts_for_the_time_that_has_passed() -> None:
    assert trend(overview(*TWO, at_us=AT - 20 * SECOND), "calls", SECOND) == [2.0, 0.75]


def test_a_bucket_that_has_just_begun_is_left_out() -> None:
    assert trend(overview(*TWO, at_us=AT - 46 * SECOND), "calls", MINUTE) == [120.0]
    _, plot = plot_of("latency", overview(*TWO, at_us=AT - 46 * SECOND))
    assert plot.times == ("09:58",)


def test_no_calls_is_a_gap_in_a_percentile_and_not_zero() -> None:
    _, plot = plot_of("latency", overview(*TWO))
    assert plot.curves[1].values == (7.0, None)


def test_the_title_is_the_legend_with_the_latest_figures() -> None:
    title, _ = plot_of("latency", overview(*TWO))
    assert title.plain == "latency  ━ p99 –  ━ p95 7.0 ms  ━ p50 –  last 15 min, UTC"


def test_days_are_labelled_as_days() -> None:
    _, plot = plot_of("spend per hour", overview(*TWO, span="7 d"))
    assert plot.times == ("11-20", "11-20")


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_draws_what_the_series_has(name: str) -> None:
    _, plot = plot_of(name, overview(*TWO))
    assert {len(curve.values) for curve in plot.curves} == {2}
    assert plot.figure(0.5)
