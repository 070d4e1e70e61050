"""Figures by plain Python, as an outsider would get them from the raw journal."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

INPUT_CLASSES = ("uncached", "cache_read", "cache_write_5m", "cache_write_1h", "audio", "image")


def usd(records: Iterable[Mapping[str, Any]]) -> Decimal:
    """The priced cost of journal records: a sum of integers, then twelve places to the left."""
    return Decimal(sum(record.get("cost_picos", 0) or 0 for record in records)).scaleb(-12)


def input_tokens(records: Iterable[Mapping[str, Any]]) -> int:
    return sum(record.get(f"input_{name}_tokens", 0) for record in records for name in INPUT_CLASSES)


def percentile(values: Sequence[float], share: float) -> float:
    """With linear interpolation between ranks, as numpy's default."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
