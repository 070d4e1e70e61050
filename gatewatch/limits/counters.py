"""Where reservations are made and settled: what the worker's memory and the shared store have in common.

A call *reserves* before anything is bought: all that it asks for, or nothing. It *settles* once, when it has ended, by
what its row says that it used, and lets go of what it held. What a counter has *taken* is what was settled in the
buckets that count, and what calls in flight hold.

Keeps true: however many reserve at once, no more of them pass than fits; after every call has been settled, a counter
is the sum over the rows of its window, to the token and the picodollar.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from gatewatch.limits.rule import Rule

MOST_COUNTED = 2**63 - 1
"""Of anything in one bucket: of money more than nine million USD."""
WHOLE = 2**62
"""The position of a segment that nothing follows in: all of it counts, and what its writer left open when it died."""
LONGEST_CALL_SECONDS = 3600
"""What is held much longer is held by no call."""

Position = tuple[str, int]
"""Where a call's last record stands in the journal: the segment, and the offset behind the record."""


class CountersAway(Exception):
    """The counters cannot be asked now. Says why, for the operator."""


class Asked(NamedTuple):
    """What a call wants of one counter."""

    counter: str
    bucket: int
    """Where it counts."""
    oldest: int
    """The first bucket that counts now."""
    amount: int
    """0 asks how full it is, and fits wherever the ceiling is not reached yet."""
    most: int


class Level(NamedTuple):
    """What a counter had before the call was there."""

    taken: int
    held: int
    """Of it, by calls in flight."""
    fits_from: int
    """Where the call does not fit: the oldest bucket with which enough leaves the window, -1 where it never fits. Else
    0."""


class Verdict(NamedTuple):
    """The answer to a reservation: nothing was taken where something is in the way."""

    in_the_way: int
    """Index of the first that does not fit; -1: all of it was taken."""
    levels: tuple[Level, ...]


class Used(NamedTuple):
    """What a call did use of one counter."""

    counter: str
    bucket: int
    amount: int


class Seed(msgspec.Struct, frozen=True, array_like=True):
    """What the ledger has counted."""

    counter: str
    buckets: dict[int, int]


class Seeds(msgspec.Struct, frozen=True, kw_only=True):
    """What counters begin with."""

    rules: tuple[str, ...]
    """Ids of the rules whose counters these are, all of them: one that is not among `seeds` is empty."""
    seeds: tuple[Seed, ...] = ()
    positions: dict[str, int] = {}
    """Segment → offset up to which its calls are in them."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What one worker's counters say at one moment, to be compared with the ledger at the same position."""

    at: int
    """The moment that was asked for, µs: of each rule, what its window holds then."""
    position: Position
    """The journal's, at that moment."""
    settled: dict[str, int]
    """Counter → what ended calls used, holds left out."""
    begin: int
    """The number of the first counter that was looked at: a report tells of some only."""
    following: int
    """The number of the first that was not; 0: none is left."""


class Counters(Protocol):
    """Of one gateway."""

    lasting: set[str]
    """Calls that may hold for longer than any call runs: they wait for their time. Until they are settled."""

    async def reserve(self, call_id: str, asked: Sequence[Asked]) -> Verdict:
        """Take all of it, or nothing; on top of what the call holds already. Raises CountersAway."""
        ...

    def let_go(self, call_id: str, counters: Sequence[str]) -> None:
        """A try has failed: what the call holds of these counters is free again. Never waits, never raises."""
        ...

    def settle(self, call_id: str, used: Sequence[Used], position: Position | None) -> None:
        """The call has ended: add what it used, let go of all that it holds. Never waits, never raises."""
        ...

    def configure(self, rules: Sequence[str], seeded: Sequence[str], whole: Sequence[Rule] = ()) -> None:
        """The ids of the rules in force; counters of others are forgotten. `seeded`: those that need no seeds. A rule
        that is new counts from nothing until it is seeded. `whole`: the rules themselves."""
        ...

    def forget(self, oldest: Mapping[str, int]) -> None:
        """Let go of what no longer counts. `oldest`: rule → the first bucket that may still be needed."""
        ...

    def seed(self, seeds: Seeds) -> None:
        """Begin with what the ledger has, and what was settled behind it."""
        ...

    def held(self) -> Mapping[str, int]:
        """Counter → what this worker's calls in flight hold of it, as shown to people; those without are left out."""
        ...

    def taken(self) -> Mapping[str, Mapping[int, int]]:
        """Counter → bucket → what was settled in it, holds left out: what the ledger is compared with."""
        ...
