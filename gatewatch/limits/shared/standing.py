"""What counters in the store say at one moment, and which records of the journal are in them: to be compared with the
ledger as it was at those positions.

Keeps true: a counter that counts is what its seeding had, and what was settled behind that. Settlements come in the
order of each worker's journal; so of a worker that lives, all up to the later of two positions is in the counter: its
last settlement's, and the seeding's. Of others all is in it: dead ones are buried when all of theirs is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from gatewatch.limits.rule import Rule
from gatewatch.limits.shared.commands import parts
from gatewatch.limits.shared.connection import Connection
from gatewatch.limits.shared.names import Names, token
from gatewatch.limits.shared.scanning import counters_of
from gatewatch.limits.shared.scripts import STANDING
from gatewatch.limits.shared.verdicts import pairs

MOST = 1000
"""Counters that are read in one go. Workers wait meanwhile: 3 ms where each has one bucket, 45 where all have sixty."""

Place = tuple[int, int]
"""In a run's journal: number of the segment, and offset."""


class Seeding(NamedTuple):
    """Rules that were seeded together."""

    rules: tuple[Rule, ...]
    upto: Mapping[str, Place]
    """Run → where the journal stood of which all was in the seeds."""


class Standing(NamedTuple):
    """Of some of the counters."""

    settled: Mapping[str, int]
    """Counter → what ended calls used in its window, holds left out."""
    seedings: tuple[Seeding, ...]
    """Of the rules that count."""
    live: Mapping[str, Place]
    """Run that is not known to be dead → behind its last settlement."""
    keys: frozenset[bytes]
    """Of the counters that were looked at."""
    first: bytes
    behind: bytes | None
    """All that there were from the one to before the other. None: to the last."""
    following: int
    """The number of the first counter that was not looked at; 0: none is left."""

    def is_in(self, key: bytes) -> bool:
        """Whether a counter that stands there would have been looked at, had there been one."""
        return self.first <= key and (self.behind is None or key < self.behind)

    def upto(self, seeding: Seeding, runs: Iterable[str]) -> dict[str, int]:
        """Segment → offset, behind which nothing of its run is in the counters of that seeding.

        `runs`: others whose calls may be in the ledger, and are not in the store.
        """
        nowhere = (0, 0)
        places = {run: max(self.live.get(run, nowhere), seeding.upto.get(run, nowhere)) for run in {*self.live, *runs}}
        return {f"{run}-{sequence:06d}": offset for run, (sequence, offset) in places.items()}


async def standing(
    connection: Connection, names: Names, store: str, rules: Sequence[Rule], at: int, begin: int
) -> Standing:
    """Of the counters from the `begin`-th on, `MOST` at most. Raises StoreAway, StoreError."""
    rules = [rule for rule in rules if rule.window]
    known = await counters_of(connection, names, rules)
    keys = [*known][begin : begin + MOST]
    behind = [*known][begin + MOST : begin + MOST + 1]
    oldest = {rule.id: rule.window.oldest(at) for rule in rules if rule.window}
    firsts = [oldest[known[key].partition("|")[0]] for key in keys]
    asked = parts(STANDING, [names.seeded, names.runs, *(key.decode() for key in keys)], names.run(""), *firsts)
    said = await connection.ask(*asked)
    assert isinstance(said, list)
    marks = {name.decode(): value.decode() for name, value in pairs(said[0])}
    return Standing(
        settled={known[key]: amount for key, text in zip(keys, said[2], strict=True) if (amount := int(text))},
        seedings=tuple(_seedings(marks, store, rules)),
        live={run.decode(): _place(position.decode()) for run, position in pairs(said[1])},
        keys=frozenset(keys),
        first=keys[0] if begin and keys else b"",
        behind=behind[0] if behind else None,
        following=begin + MOST if behind else 0,
    )


def _seedings(marks: Mapping[str, str], store: str, rules: Sequence[Rule]) -> Iterator[Seeding]:
    together: dict[str, list[Rule]] = {}
    for rule in rules:
        of, _, number = marks.get(token(rule), "").partition(" ")
        if of == store:
            together.setdefault(number, []).append(rule)
    for number, seeded in together.items():
        mine = f"p {number} "
        places = {name.removeprefix(mine): _place(mark) for name, mark in marks.items() if name.startswith(mine)}
        yield Seeding(tuple(seeded), places)


def _place(position: str) -> Place:
    sequence, _, offset = position.partition(" ")
    return (int(sequence), int(offset)) if sequence else (0, 0)
