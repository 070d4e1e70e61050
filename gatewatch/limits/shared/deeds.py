"""What a worker does to its counters beside reserving: *deeds*, numbered from 1 on, kept until they are confirmed.

Keeps true:
- they go out in their turn, and so many at once that a reservation behind them need not wait for long;
- what was not confirmed on one connection is sent again on the next;
- when more is owed than is kept nothing is kept any more: the counters have to be counted anew then, from the ledger,
  in which all of it is.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from gatewatch.limits.counters import Position

AT_ONCE = 200
"""Deeds that are on their way unanswered."""
MOST_OWED = 10_000
"""To count anew is quicker than to tell of more."""

log = logging.getLogger("gatewatch.limits")


class Hold(NamedTuple):
    """Of one call, on one counter."""

    counter: str
    key: str
    bucket: int
    amount: int
    life_ms: int


class Deed(NamedTuple):
    """One settlement, or one letting go."""

    number: int
    freed: Sequence[Hold]
    added: Sequence[Hold]
    position: Position | None


class Deeds:
    """Of one worker run."""

    def __init__(self) -> None:
        self.is_too_much = False
        """Some were not kept."""
        self._last = 0
        self._sent: deque[Deed] = deque()
        self._unsent: deque[Deed] = deque()

    def __len__(self) -> int:
        """How many the store has not confirmed."""
        return len(self._sent) + len(self._unsent)

    def __iter__(self) -> Iterator[Deed]:
        yield from self._sent
        yield from self._unsent

    def add(self, freed: Sequence[Hold], added: Sequence[Hold], position: Position | None) -> None:
        """One more; where it is too much, none is kept from now on."""
        self._last += 1
        if self.is_too_much:
            return
        if len(self) >= MOST_OWED:
            log.error("limits store: more is owed than is kept; it will be counted anew from the ledger")
            self.is_too_much = True
            self._sent.clear()
            self._unsent.clear()
            return
        self._unsent.append(Deed(self._last, freed, added, position))

    def send(self, say: Callable[[Deed], None]) -> None:
        """As many as may be on their way."""
        while self._unsent and len(self._sent) < AT_ONCE:
            deed = self._unsent.popleft()
            self._sent.append(deed)
            say(deed)

    def begin_again(self, done: int) -> None:
        """A new connection: all up to that number was done, the others are to be sent."""
        self._unsent.extendleft(reversed(self._sent))
        self._sent.clear()
        while self._unsent and self._unsent[0].number <= done:
            self._unsent.popleft()
        self._last = max(self._last, done)

    def confirmed(self, number: int) -> bool:
        """All up to that one are done. Whether it is time to send more."""
        while self._sent and self._sent[0].number <= number:
            self._sent.popleft()
        return len(self._sent) <= AT_ONCE // 2 and bool(self._unsent)
