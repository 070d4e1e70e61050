"""Calls that wait for a turn, in order.

Keeps true: no more wait than the line may hold; urgent calls go before others, batch calls behind them, deferred ones
last, in each class the first that came; every eighth turn goes to the one that has waited longest, so that nobody waits
for ever.
"""

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Literal

from gatewatch.call import Call

if TYPE_CHECKING:
    from proxy.worker.pacing.turns import Turn

OLDEST_EVERY = 8
_ORDER: tuple[str | None, ...] = ("urgent", None, "batch", "deferred")

NoTurn = Literal["full", "late"]
"""Why a call gets none: the line is full, or it has waited as long as it may."""


def is_more_urgent(priority: str | None, than: str | None) -> bool:
    """Whether a call of this priority goes before one of that."""
    return _ORDER.index(priority) < _ORDER.index(than)


class Waiting:
    """One call in the line."""

    __slots__ = ("call", "future", "since")

    def __init__(self, call: Call, since: float) -> None:
        self.future: asyncio.Future[Turn | NoTurn] = asyncio.get_running_loop().create_future()
        self.call = call
        self.since = since

    def end(self, outcome: "Turn | NoTurn") -> None:
        if not self.future.done():
            self.future.set_result(outcome)

    def fail(self, failure: Exception) -> None:
        """Its client has left, or the gateway stops."""
        if not self.future.done():
            self.future.set_exception(failure)

    def give_back(self) -> None:
        """A turn that it was given and cannot use."""
        future = self.future
        if future.done() and not future.cancelled() and not future.exception():
            given = future.result()
            if not isinstance(given, str):
                given.end()


class Line:
    """Of one key with one model, or of one route."""

    __slots__ = ("_given", "classes", "longest")

    def __init__(self, longest: int) -> None:
        self.longest = longest
        """So many may wait."""
        self.classes: dict[str | None, OrderedDict[Waiting, None]] = {}
        """Those in which somebody waits."""
        self._given = 0

    def __len__(self) -> int:
        return sum(map(len, self.classes.values()))

    def enter(self, waiting: Waiting) -> bool:
        """At the end of its class. Where the line is full, the last of a lower class has to leave; False: none is."""
        if len(self) >= self.longest and not self._make_room(waiting.call.priority):
            return False
        self.classes.setdefault(waiting.call.priority, OrderedDict())[waiting] = None
        return True

    def leave(self, waiting: Waiting) -> None:
        """Wherever it stands. No-op where it does not."""
        if (of_class := self.classes.get(waiting.call.priority)) is not None:
            of_class.pop(waiting, None)
            if not of_class:
                del self.classes[waiting.call.priority]

    def next(self) -> Waiting | None:
        """Whose turn it is; it leaves the line."""
        first = [next(iter(of_class)) for name in _ORDER if (of_class := self.classes.get(name))]
        if not first:
            self._given = 0
            return None
        self._given += len(first) > 1
        chosen = first[0]
        if self._given >= OLDEST_EVERY:
            self._given = 0
            chosen = min(first, key=lambda each: each.since)
        self.leave(chosen)
        return chosen

    def _make_room(self, priority: str | None) -> bool:
        for name in reversed(_ORDER[_ORDER.index(priority) + 1 :]):
            if of_class := self.classes.get(name):
                last = next(reversed(of_class))
                self.leave(last)
                last.end("full")
                return True
        return False
