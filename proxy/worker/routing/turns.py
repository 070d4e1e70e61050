"""Turns that calls take of one another, and give back where they ask nobody.

Keeps true: a turn that was given back is as if nobody had taken it, whoever took one meanwhile.
"""

from collections.abc import Callable, Collection

from proxy.routing import Target

GiveBack = Callable[[], None]


class Shares:
    """Smooth weighted round robin: the one whose turn it is, then those whose turn is nearest."""

    __slots__ = ("_due", "_targets")

    def __init__(self, targets: Collection[Target]) -> None:
        self._targets = targets
        self._due = dict.fromkeys(targets, 0)

    def take(self) -> tuple[list[Target], GiveBack]:
        due, whole = self._due, 0
        for target in self._targets:
            due[target] += target.weight
            whole += target.weight
        ordered = sorted(self._targets, key=due.__getitem__, reverse=True)
        due[ordered[0]] -= whole
        return ordered, lambda: self._give_back(ordered[0], whole)

    def _give_back(self, first: Target, whole: int) -> None:
        self._due[first] += whole
        for target in self._targets:
            self._due[target] -= target.weight


class OneIn:
    """One of so many calls."""

    __slots__ = ("_calls", "_many")

    def __init__(self, many: int) -> None:
        self._many = many
        self._calls = 0

    def take(self) -> tuple[bool, GiveBack]:
        """Whether it is this one."""
        self._calls += 1
        is_it = self._calls >= self._many
        self._calls -= self._many * is_it
        return is_it, lambda: self._give_back(is_it)

    def _give_back(self, was_it: bool) -> None:
        self._calls += self._many * was_it - 1
