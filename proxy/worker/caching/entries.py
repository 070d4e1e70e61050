"""The kept replies of one worker.

Keeps true: together they take no more than their bytes; the least recently used go first; one that is older than its
route's time to live, or was invalidated, is never given.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

from proxy.routing import CacheBounds
from proxy.worker.caching.entry import Entry
from proxy.worker.caching.invalidation import Invalidation, Labels


class Entries:
    """Belongs to one event loop."""

    def __init__(self, bounds: CacheBounds, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._bounds = bounds
        self._monotonic = monotonic
        self._entries: OrderedDict[bytes, tuple[Entry, float, Labels]] = OrderedDict()
        """Key → the reply, when it is too old, and its labels; the most recently used last."""
        self._labelled: dict[Labels, set[bytes]] = {}
        """Most replies have the same labels as many others."""
        self.bytes = 0
        self.evicted = 0
        """For want of room, since the start."""
        self.expired = 0

    def __len__(self) -> int:
        return len(self._entries)

    def configure(self, bounds: CacheBounds) -> None:
        """Other bounds."""
        self._bounds = bounds
        self._make_room()

    def get(self, key: bytes, ttl: float, younger: float | None = None) -> tuple[Entry, float] | None:
        """A reply that is younger than both, and its age in seconds."""
        found = self._entries.get(key)
        if found is None:
            return None
        entry = found[0]
        age = self._monotonic() - entry.born
        if age >= ttl:
            self._remove(key)
            self.expired += 1
            return None
        if younger is not None and age >= younger:
            return None
        self._entries.move_to_end(key)
        return entry, age

    def put(self, key: bytes, entry: Entry, ttl: float, labels: Labels) -> bool:
        """Keep it; False where it is too large. `labels`: its own at least."""
        if len(entry.body) + len(entry.last) > self._bounds.entry or entry.size > self._bounds.size:
            return False
        if key in self._entries:
            self._remove(key)
        self._entries[key] = entry, entry.born + ttl, labels
        self.bytes += entry.size
        keys = self._labelled.get(labels)
        if keys is None:
            keys = self._labelled[labels] = set()
        keys.add(key)
        if self.bytes > self._bounds.size:
            self._make_room()
        return True

    def invalidate(self, which: Invalidation) -> int:
        """How many there were."""
        wanted = which.labels()
        found = [keys for labels, keys in self._labelled.items() if not labels.isdisjoint(wanted)]
        concerned = [key for keys in found for key in keys if which.concerns(self._entries[key][0])]
        for key in concerned:
            self._remove(key)
        return len(concerned)

    def forget(self) -> None:
        """To be called about once a second: let go of what is too old, as far as it was not used for longest."""
        now = self._monotonic()
        while self._entries and next(iter(self._entries.values()))[1] <= now:
            self._remove(next(iter(self._entries)))
            self.expired += 1

    def _make_room(self) -> None:
        while self.bytes > self._bounds.size:
            self._remove(next(iter(self._entries)))
            self.evicted += 1

    def _remove(self, key: bytes) -> None:
        entry, _, labels = self._entries.pop(key)
        self.bytes -= entry.size
        keys = self._labelled[labels]
        keys.discard(key)
        if not keys:
            del self._labelled[labels]
