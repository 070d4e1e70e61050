"""What a handful of rounds says: a median with its range, and ratios of what was measured in the same round."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple


class Spread(NamedTuple):
    """The median of some rounds, and the lowest and the highest of them."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Raises ValueError where there is none."""
    if not values:
        raise ValueError("no values")
    return Spread(median(values), min(values), max(values))


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of ascending values: the lowest that `share` of them do not exceed."""
    if not ordered:
        raise ValueError("no values")
    rank = -int(-share * len(ordered) // 1)  # rounded up
    return ordered[min(max(rank, 1), len(ordered)) - 1]


def paired(ours: Mapping[int, float], theirs: Mapping[int, float]) -> list[float]:
    """ours / theirs of every round that has both; a round in which theirs is 0 says nothing."""
    return [ours[number] / theirs[number] for number in sorted(ours) if theirs.get(number)]


def added(ours: Mapping[int, float], base: Mapping[int, float]) -> list[float]:
    """ours − base of every round that has both."""
    return [ours[number] - base[number] for number in sorted(ours) if number in base]
