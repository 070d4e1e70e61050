"""Totals by labels, so many combinations and no more.

Keeps true: totals only rise; what a combination beyond the limit adds is added under `other`, and how much that was is
counted. Labels are harmless text of bounded length.
"""

from collections.abc import Iterator, Sequence

from gatewatch.safe_text import safe

OTHER = "other"
MOST_LABEL = 200


class Series:
    """Of one metric, or several with the same labels. Not thread-safe."""

    def __init__(self, names: Sequence[str], kinds: Sequence[str] = (), *, most: int, each: int = 1) -> None:
        """`names`: labels with names that others choose; `kinds`: those with a few values of our own, which are told
        apart under `other` too. `most`: lines of a scrape; `each`: how many of them a combination takes."""
        self.labels = (*names, *kinds)
        self.folded = 0
        """How many of what is counted went to `other`."""
        self._names = len(names)
        self._most = max(1, most // each)
        self._totals: dict[tuple[str, ...], list[int]] = {}

    def add(self, values: Sequence[str | None], amounts: Sequence[int], count: int = 1) -> None:
        """`amounts` are as many each time; `count`: of how many calls they are."""
        key = tuple("" if value is None else safe(value, MOST_LABEL) for value in values)
        total = self._totals.get(key)
        if total is None:
            if len(self._totals) >= self._most:
                self.folded += count
                key = (OTHER,) * self._names + key[self._names :]
            total = self._totals.setdefault(key, [0] * len(amounts))
        for place, amount in enumerate(amounts):
            total[place] += amount

    def __iter__(self) -> Iterator[tuple[tuple[str, ...], list[int]]]:
        """Labels and amounts."""
        return iter(self._totals.items())

    def __len__(self) -> int:
        return len(self._totals)
