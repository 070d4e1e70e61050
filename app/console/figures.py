"""Numbers as people read them: the same text on a screen and in print.

Keeps true: an unknown number is a dash and an unknown price the word `unpriced`, never 0; money is rounded only to be
shown, half-even, and never passes through a float; times of day are UTC.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from gatewatch.timespan import EPOCH, MICROSECOND

Row = Mapping[str, Any]
"""A row of a named query: JSON values."""

UNKNOWN = "–"
UNPRICED = "unpriced"

_SMALLEST = Decimal("0.000001")
_SIZES = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


def milliseconds(value: float | None) -> str:
    """`0.4 ms`, `4.2 ms`, `420 ms`, `1.84 s`, `12.4 s`, `2m 05s`."""
    if value is None:
        return UNKNOWN
    if value < 9.95:
        return f"{value:.1f} ms"
    if value < 999.5:
        return f"{value:.0f} ms"
    seconds = value / 1000
    if seconds < 9.995:
        return f"{seconds:.2f} s"
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m {rest:02d}s"


def dollars(usd: str | None) -> str:
    """A decimal text of USD, cut to what tells amounts apart: `$12.40`, `$0.0056`, `<$0.000001`, `$0`, `unpriced`."""
    if usd is None:
        return UNKNOWN
    if usd == UNPRICED:
        return UNPRICED
    amount = Decimal(usd)
    if not amount:
        return "$0"
    sign, amount = ("-", -amount) if amount < 0 else ("", amount)
    if amount < _SMALLEST:
        return f"{sign}<${_SMALLEST:f}"
    digits = 2 if amount >= 1 else 1 - amount.adjusted()
    return f"{sign}${amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN):,}"


def spent(row: Row) -> str:
    """A sum of money that says what it lacks: `$1.20`, `≥$1.20` where some calls are unpriced, `unpriced` where all."""
    unpriced = row.get("unpriced_calls") or 0
    if unpriced and (unpriced >= (row.get("calls") or 0) or row.get("cost_usd") in (None, UNPRICED)):
        return UNPRICED
    return ("≥" if unpriced else "") + dollars(row.get("cost_usd"))


def count(value: int | None) -> str:
    """`1,234,567`."""
    return UNKNOWN if value is None else f"{value:,}"


def compact(value: int | None) -> str:
    """`987`, `12.3k`, `4.56M`: three figures."""
    if value is None:
        return UNKNOWN
    for size, letter in _SIZES:
        if value >= size * 0.9995:
            scaled = value / size
            return f"{scaled:.{2 if scaled < 9.995 else 1 if scaled < 99.95 else 0}f}{letter}"
    return str(value)


def per_second(value: float | None) -> str:
    """`0.42`, `12.4`, `1,234`."""
    if value is None:
        return UNKNOWN
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:,.0f}"


def share(value: float | None) -> str:
    """A share of 1 in per cent: `2.1%`. What is above 0 never reads as 0."""
    if value is None:
        return UNKNOWN
    percent = value * 100
    if 0 < percent < 0.05:
        return "<0.1%"
    return f"{percent:.1f}%" if percent < 99.95 or value < 1 else "100%"


def age(us: int) -> str:
    """How long: `0.8 s`, `42 s`, `3 min`, `2 h`, `4 d`."""
    seconds = max(0, us) / 1e6
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    for length, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit}"
    return f"{seconds:.0f} s"


def stopwatch(us: int) -> str:
    """`00:42`, `1:02:03`."""
    minutes, seconds = divmod(max(0, us) // 1_000_000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"


def clock(instant: str | int | None, form: str = "%H:%M:%S") -> str:
    """Time of day, UTC, of ISO 8601 text or of µs since the epoch."""
    if instant is None:
        return UNKNOWN
    if isinstance(instant, int):
        return (EPOCH + instant * MICROSECOND).strftime(form)
    return datetime.fromisoformat(instant).astimezone(UTC).strftime(form)


def quantity(value: object) -> float | None:
    """A number of a row, to draw with only; None where it is missing or unpriced."""
    return None if value is None or value == UNPRICED else float(str(value))


def tokens_in(row: Row) -> int:
    """All tokens, in and out."""
    return (row.get("input_tokens") or 0) + (row.get("output_tokens") or 0)


def cache_read_share(series: Iterable[Row]) -> float | None:
    """Of the input tokens, the share that providers read from their caches; None where there are none."""
    rows = list(series)
    given = sum(row.get("input_tokens") or 0 for row in rows)
    return sum(row.get("cache_read_tokens") or 0 for row in rows) / given if given else None
