"""Goes along a chain and names the first record that is not as it was written."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import count as every_number
from typing import Literal, NamedTuple

import msgspec

from gatewatch.audit.beginning import ANCHOR, LOST
from gatewatch.audit.links import Link
from gatewatch.audit.record import GENESIS
from gatewatch.audit.seals import AuditKey

What = Literal["changed", "missing", "inserted", "not sealed", "cut off", "lost"]


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """The first record that is wrong."""

    seq: int
    what: What
    text: str
    """In words, with the record's number."""


class Expected(NamedTuple):
    """What is known from elsewhere."""

    key: AuditKey | None = None
    """None: seals cannot be checked."""
    first: int = 1
    """The first entry that this key sealed; earlier ones may have another key's seals."""
    sealed_to: int = 0
    """All from `first` to here have a seal of this key."""
    heads: Mapping[int, tuple[str, ...]] = {}
    """Hashes of entries that anchors name."""
    begin: int = 1
    """The first entry that is looked at."""
    previous: str = GENESIS
    """The hash before it."""


class Walk:
    """One walk, from the first link to the first that is broken."""

    def __init__(self, expected: Expected, numbers: Iterator[int] | None = None) -> None:
        """`numbers`: the entries that there should be, in order; all from the first on, if it is not said."""
        self.expected = expected
        self._numbers = every_number(expected.begin) if numbers is None else numbers
        self.count = 0
        self.last = expected.begin - 1
        self.head = expected.previous
        self.sealed = 0
        """With this key's seal, which fits."""
        self.unsealed = 0
        """At the end: written since the last sealing."""
        self.elsewhere = 0
        """Sealed with a key that is not here."""
        self._first_unsealed: int | None = None

    def go(self, links: Iterable[Link]) -> Broken | None:
        """The first broken record, as far as the links tell."""
        return next((broken for link in links if (broken := self._step(link))), None)

    def next_expected(self) -> int | None:
        """The number of the record that should have come next."""
        return next(self._numbers, None)

    def _step(self, link: Link) -> Broken | None:
        number = self.next_expected()
        if number is None or link.seq < number:
            return _broken(link.seq, "inserted", "was inserted: it stands where there is no room for it")
        if link.seq > number:
            gone = f"record {number} is" if link.seq == number + 1 else f"records {number} to {link.seq - 1} are"
            return Broken(seq=link.seq, what="missing", text=f"record {link.seq}: {gone} missing before it")
        is_next = link.seq == self.last + 1
        previous = self.head if is_next or link.previous is None else link.previous
        broken = self._wrong(link, previous)
        if broken is not None:
            return broken
        self.count, self.last, self.head = self.count + 1, link.seq, link.hash or ""
        return None

    def _wrong(self, link: Link, previous: str) -> Broken | None:
        if link.hash is None:
            return _broken(link.seq, "inserted", "is not in the chain: it was inserted by hand")
        if not link.follows(previous) or link.previous not in (None, previous):
            return _broken(link.seq, "changed", "was changed, or put in there: its hash does not fit")
        if any(link.hash != head for head in self.expected.heads.get(link.seq, ())):
            return _broken(link.seq, "changed", "is not the one that the anchor names")
        if link.record is not None and (link.record.action, link.record.result) == (ANCHOR, LOST):
            return _broken(
                link.seq, "lost", "tells that the anchor was lost: what lies before it may be something else"
            )
        return self._sealed_wrong(link, link.hash)

    def _sealed_wrong(self, link: Link, hash: str) -> Broken | None:
        key, first, sealed_to = self.expected[:3]
        if link.seal is None:
            if key is not None and first <= link.seq <= sealed_to:
                return _broken(link.seq, "not sealed", "is not sealed, though later ones were: it is another one")
            self._first_unsealed = self._first_unsealed or link.seq
            self.unsealed += 1
        elif self._first_unsealed is not None:
            return _broken(self._first_unsealed, "not sealed", "is not sealed, though later ones are")
        elif key is None or (link.key_id != key.id and link.seq < max(first, 1)):
            self.elsewhere += 1
        elif link.key_id != key.id:
            return _broken(link.seq, "changed", "was changed: it is sealed with a key that is not this vault's")
        elif not key.fits(link.seal, "entry", f"{link.seq}:{hash}"):
            return _broken(link.seq, "changed", "was changed: its seal does not fit")
        else:
            self.sealed += 1
        return None


def _broken(seq: int, what: What, text: str) -> Broken:
    return Broken(seq=seq, what=what, text=f"record {seq} {text}")


def cut_off(after: int, why: str) -> Broken:
    """The end is gone."""
    return Broken(seq=after, what="cut off", text=f"cut off after record {after}: {why}")
