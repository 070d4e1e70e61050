"""One measurement of one candidate in one round, and how samples are asked for."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple


class Sample(NamedTuple):
    """`values` by name; units stand in the names. `disturbed` says why this one is to be doubted; empty: it is not."""

    measure: str
    candidate: str
    round: int
    values: dict[str, float]
    disturbed: str = ""


class Samples:
    """All that was measured in one run, in its order."""

    def __init__(self, samples: Iterable[Sample] = ()) -> None:
        self._all = list(samples)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self._all)

    def add(self, sample: Sample) -> None:
        self._all.append(sample)

    def of(self, measure: str, candidate: str, value: str) -> dict[int, float]:
        """Round → value; empty where the candidate was not measured so."""
        return {
            sample.round: sample.values[value]
            for sample in self._all
            if (sample.measure, sample.candidate) == (measure, candidate) and value in sample.values
        }

    def candidates(self, measure: str) -> list[str]:
        """Who was measured so, in the order of the first round."""
        return list(dict.fromkeys(sample.candidate for sample in self._all if sample.measure == measure))

    def disturbed(self) -> list[Sample]:
        return [sample for sample in self._all if sample.disturbed]

    def doubted(self, measure: str, candidate: str) -> bool:
        """Whether a round of it was disturbed."""
        return any((sample.measure, sample.candidate) == (measure, candidate) for sample in self.disturbed())

    def total(self, value: str, candidate: str) -> float:
        """The sum over everything that was measured of a candidate."""
        return sum(sample.values.get(value, 0) for sample in self._all if sample.candidate == candidate)

    def as_json(self) -> list[dict[str, Any]]:
        return [sample._asdict() for sample in self._all]


def samples_from_json(rows: Sequence[dict[str, Any]]) -> Samples:
    """What `as_json` gave."""
    return Samples(Sample(**row) for row in rows)
