"""Names with `*` in them, held against what callers say.

Keeps true: one pass over the text, whatever the pattern: no text makes it slow.
"""


class Glob:
    """`*` stands for anything, also nothing; every other character for itself."""

    __slots__ = ("_first", "_last", "_middle", "_shortest")

    def __init__(self, pattern: str) -> None:
        self._first, *rest = pattern.split("*")
        self._last = rest.pop() if rest else None
        self._middle = [part for part in rest if part]
        self._shortest = len(self._first) + len(self._last or "")

    def fits(self, text: str | None) -> bool:
        """Whether the whole text is of that form; None is of none."""
        if text is None:
            return False
        if self._last is None:
            return text == self._first
        if len(text) < self._shortest or not text.startswith(self._first) or not text.endswith(self._last):
            return False
        at, end = len(self._first), len(text) - len(self._last)
        for part in self._middle:
            at = text.find(part, at, end)
            if at < 0:
                return False
            at += len(part)
        return True
