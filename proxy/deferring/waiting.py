"""The deferred calls that wait, and when each is to be looked at. Knows nothing of how they are run."""

import heapq
from collections.abc import Iterator

from gatewatch.deferred.deadline import late_from
from gatewatch.deferred.entry import Entry

Group = tuple[str, str, str]
"""Provider, model and endpoint: what calls of one batch have in common."""


class Waiting:
    """Of the worker that runs deferred calls."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self._at: dict[str, int] = {}
        """When each is due."""
        self._due: list[tuple[int, str]] = []
        """The same in order, with some that is not so any more."""
        self._gathered: dict[Group, dict[str, Entry]] = {}
        """Those that are to be handed over together."""

    def __len__(self) -> int:
        return len(self.entries)

    def add(self, entry: Entry, now: int) -> Entry | None:
        """The call as it is known here, where it was cancelled meanwhile; None otherwise."""
        known = self.entries.get(entry.id)
        if known is None:
            self.entries[entry.id] = entry
            self.look_again(entry, now)
        elif entry.cancelled_at and not known.cancelled_at:
            known.cancelled_at = entry.cancelled_at
            self.look_again(known, now)
            return known
        return None

    def look_again(self, entry: Entry, now: int) -> None:
        """When it is due by what it says now; when it is late at the latest, and once more at its deadline."""
        late = late_from(entry.accepted_at, entry.deadline)
        latest = late if now < late else entry.deadline if entry.way == "standard" else now
        at = 0 if entry.cancelled_at else min(entry.next_at, latest)
        if self._at.get(entry.id) != at:
            self._at[entry.id] = at
            heapq.heappush(self._due, (at, entry.id))
        group = group_of(entry)
        if entry.state == "queued" and entry.way == "batch":
            self._gathered.setdefault(group, {})[entry.id] = entry
        else:
            self._gathered.get(group, {}).pop(entry.id, None)

    def forget(self, id: str) -> None:
        self._at.pop(id, None)
        entry = self.entries.pop(id, None)
        if entry is not None:
            self._gathered.get(group_of(entry), {}).pop(id, None)

    def clear(self) -> None:
        self.entries.clear()
        self._at.clear()
        self._due.clear()
        self._gathered.clear()

    @property
    def next_at(self) -> int | None:
        """When the next one is due, at the earliest; None: there is none."""
        return self._due[0][0] if self._due else None

    def due(self, now: int) -> Iterator[Entry]:
        """Each that is due, once; it has to be looked at again by `look_again`, or is forgotten."""
        while self._due and self._due[0][0] <= now:
            at, id = heapq.heappop(self._due)
            entry = self.entries.get(id)
            if entry is not None and self._at.get(id) == at:
                del self._at[id]
                yield entry

    def full(self, most: int) -> list[Group]:
        """Groups that are as large as a batch may be."""
        return [group for group, entries in self._gathered.items() if len(entries) >= most]

    def take(self, group: Group) -> list[Entry]:
        """All of a group, the oldest first; they are not gathered any more."""
        return sorted(self._gathered.pop(group, {}).values(), key=lambda entry: entry.id)

    def in_batch(self, id: str) -> dict[str, Entry]:
        """The calls that wait for a batch."""
        return {entry.id: entry for entry in self.entries.values() if entry.batch == id and entry.state == "batched"}


def group_of(entry: Entry) -> Group:
    return entry.provider, entry.model, entry.endpoint


def parts(entries: list[Entry], most_calls: int, most_bytes: int) -> Iterator[list[Entry]]:
    """In their order, none larger than a batch may be."""
    part: list[Entry] = []
    size = 0
    for entry in entries:
        if part and (len(part) >= most_calls or size + entry.bytes > most_bytes):
            yield part
            part, size = [], 0
        part.append(entry)
        size += entry.bytes
    if part:
        yield part
