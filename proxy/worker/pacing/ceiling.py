"""How many calls may run at once with a key that comes near a limit: cut by a fifth, and given back.

Keeps true: at least one may run; it is cut once in an interval at most; it ends where nothing is held back any more.
"""

NEAR = 0.8
"""The share of a limit from which on it is cut."""
INTERVAL = 1.0
"""Seconds between two changes."""


class Ceiling:
    """Of one key with one model."""

    __slots__ = ("_before", "_changed_at", "most")

    def __init__(self) -> None:
        self.most: int | None = None
        """None: any."""
        self._before = 0
        """What ran before the first cut."""
        self._changed_at = float("-inf")

    def cut(self, running: int, now: float) -> None:
        """By a fifth of what is running, down to one; again after an interval, once the cut before has shown."""
        if now - self._changed_at < INTERVAL or (self.most is not None and running > self.most):
            return
        self._changed_at = now
        if self.most is None:
            self._before = running
        self.most = max(1, running * 4 // 5)

    def recover(self, now: float) -> None:
        """By a fifth, one at least; from what ran before the first cut on there is none."""
        if self.most is None or now - self._changed_at < INTERVAL:
            return
        self._changed_at = now
        self.most += max(1, self.most // 5)
        if self.most > self._before:
            self.most = None
