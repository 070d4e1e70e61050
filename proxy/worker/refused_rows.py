"""Rows of refused calls, bounded: nobody fills a disk without a key that is good.

A caller with a valid key gets a row for each refusal. Of others, and of a key that is used up or in the wrong hands, at
most 20 rows a second and source are written; the rest is counted, one `rejected` record per second, source and kind.
"""

import time
from collections import Counter

from gatewatch.call import Call, Rejected
from gatewatch.journal.writer import Journal

ROWS_PER_SECOND = 20
MAX_SOURCES = 1000
"""Sources counted apart within a second; the rest are counted together."""
_NO_GOOD = frozenset({"invalid_api_key", "network_not_allowed", "key_leaked"})
"""Refusals of a key that is known, and may belong to a thief or to a program that does not notice its end."""


class RefusedRows:
    """Decides which refusals become rows."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._rows: Counter[str] = Counter()
        self._counted: Counter[tuple[str, str]] = Counter()
        self._sources: set[str] = set()
        """Those that are counted apart."""
        self._second = 0

    def may_write(self, call: Call, kind: str) -> bool:
        """Whether this refusal gets a row of its own; where not, it is counted.

        A full disk takes none: its reserve is for the calls in flight.
        """
        source = call.source or "unknown"
        self._turn()
        if not self._journal.full:
            if call.key_id is not None and kind not in _NO_GOOD:
                return True
            if (source in self._rows or len(self._rows) < MAX_SOURCES) and self._rows[source] < ROWS_PER_SECOND:
                self._rows[source] += 1
                return True
        self._counted[self._bounded(source), kind] += 1
        return False

    def count(self, source: str, kind: str) -> None:
        """Count a refusal that never became a call."""
        self._turn()
        self._counted[self._bounded(source), kind] += 1

    def flush(self) -> None:
        """Write the counts of seconds that are over."""
        self._turn()

    def close(self) -> None:
        """Write the counts of this second, too."""
        self._write_counts()

    def _bounded(self, source: str) -> str:
        if len(self._sources) < MAX_SOURCES:
            self._sources.add(source)
        return source if source in self._sources else "others"

    def _turn(self) -> None:
        second = int(time.time())
        if second != self._second:
            self._write_counts()
            self._second = second

    def _write_counts(self) -> None:
        for (source, kind), count in self._counted.items():
            if self._journal.full:
                break
            self._journal.rejected(
                Rejected(started_at=self._second * 1_000_000, source=source, error_kind=kind, count=count)
            )
        self._rows.clear()
        self._counted.clear()
        self._sources.clear()
