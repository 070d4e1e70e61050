"""Names that look like one that was not found. Costs a few milliseconds at most, however hostile the name is."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

CLOSE = 3
_LONGEST = 64
_COMPARED = 24
_NO_LETTER = re.compile(r"[^a-z0-9]+")


class NearNames:
    """An index of names by three letters in a row."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        self._holding: dict[str, list[int]] = {}
        for at, name in enumerate(self._names):
            for gram in _grams(name[:_LONGEST]):
                self._holding.setdefault(gram, []).append(at)

    def of(self, wanted: str) -> list[str]:
        """Up to three, the likeliest first."""
        wanted = wanted[:_LONGEST]
        shared: dict[int, int] = {}
        for gram in _grams(wanted):
            for at in self._holding.get(gram, ()):
                shared[at] = shared.get(at, 0) + 1
        best = sorted(shared, key=lambda at: (-shared[at], len(self._names[at])))[:_COMPARED]
        return close_to(wanted, (self._names[at] for at in best))


def close_to(wanted: str, names: Iterable[str]) -> list[str]:
    """Those of a few names that look like `wanted`, up to three; its case and its provider may differ."""
    forms: dict[str, str] = {}
    for name in names:
        spelled = name.lower()[:_LONGEST]
        forms[spelled] = name
        forms.setdefault(spelled.rpartition("/")[2], name)
    wanted = wanted.lower()[:_LONGEST]
    found = get_close_matches(wanted, forms, 2 * CLOSE, 0.7)
    if not found and "/" in wanted:
        found = get_close_matches(wanted.rpartition("/")[2], forms, 2 * CLOSE, 0.7)
    return list(dict.fromkeys(forms[form] for form in found))[:CLOSE]


def _grams(name: str) -> set[str]:
    letters = _NO_LETTER.sub("", name.lower())
    return {letters[at : at + 3] for at in range(len(letters) - 2)} or {letters}
