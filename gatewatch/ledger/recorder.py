"""The recorder: moves what workers journalled into the ledger, exactly once.

Keeps true:
- bytes of a segment and the offset that says so are loaded in one transaction, so a crash at any instant neither loses
  nor doubles a line;
- a segment is finished when its writer is gone and its last byte is loaded; what it left open is then `interrupted`;
- only a finished segment is packed away, and only then is the original removed;
- a segment that shrank or vanished is an alarm, never a crash, and stops no other; what is loaded is said to be loaded
  whatever becomes of bodies and of what is too old.

Whoever runs a recorder holds the home's lock (see `ownership.py`). Not thread-safe: `service.py` serialises.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import duckdb
import zstandard

from gatewatch.ledger.body_index import BodyIndex
from gatewatch.ledger.compact import compact
from gatewatch.ledger.families import UNITS
from gatewatch.ledger.interrupted import interrupted
from gatewatch.ledger.keeping import Keeping
from gatewatch.ledger.load import BATCH_BYTES, Batch, Loader, Mark
from gatewatch.ledger.names import LIMIT, OTHER, Names
from gatewatch.ledger.pack import pack
from gatewatch.ledger.retiring import Retiring
from gatewatch.ledger.segments import SegmentFile, run_and_sequence, segments_in
from gatewatch.paths import Home

TIDY_EVERY_US = 30_000_000
CHUNK_BYTES = BATCH_BYTES // 8
_RESTORE = "put it back from a backup, or run `gatewatch ledger rebuild` without it"

Progress = Callable[[int, int], None]
"""Called with the bytes loaded so far and those there are."""


@dataclass
class LoadResult:
    """What one pass did."""

    lines: int = 0
    calls: int = 0
    interrupted: int = 0
    attempts: int = 0
    rejected: int = 0
    quarantined: int = 0
    bytes: int = 0
    finished: list[str] = field(default_factory=list)
    """Segments that are wholly loaded since this pass."""


class Recorder:
    """Loads the journal of a home through one connection."""

    def __init__(
        self,
        home: Home,
        connection: duckdb.DuckDBPyConnection,
        *,
        keeping: Keeping | None = None,
        names: Names | None = None,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
        on_committed: Callable[[duckdb.DuckDBPyConnection], object] | None = None,
    ) -> None:
        self.home = home
        self.unread: list[str] = []
        """Segments that could not be read in the last pass, and why."""
        self.loaded_until_us: int | None = None
        """All that was journalled before this time is in the ledger."""
        self._connection = connection
        self.index = BodyIndex(connection, home.bodies, clock)
        self.retiring = Retiring(home, connection)
        self.retiring.keep(keeping)
        self.retiring.on_bodies_gone = self.index.forget
        self._clock = clock
        self._loader = Loader(connection, home.scratch, names)
        self._loader.on_committed = on_committed
        self._batch = Batch()
        self._result = LoadResult()
        self._tidied_us = 0
        self._standing: list[str] = []
        self._noticed: list[str] = []

    def load_once(self, progress: Progress | None = None) -> LoadResult:
        """Load what is in the journal, in bounded transactions, then pack away and compact what is due.

        Raises duckdb.Error or OSError where that fails; what was committed before stays, the rest is loaded next time.
        """
        began = self._clock()
        self._batch, self._result = Batch(), LoadResult()
        segments = self.segments()
        self._noticed = self._vanished({segment.name for segment in segments})
        total = self._behind(segments)
        for segment in segments:
            mark = self._loader.marks.get(segment.name, Mark())
            if not mark.finished:
                self._read(segment, mark, lambda: progress and progress(self._result.bytes, total))
        self._flush()
        self.loaded_until_us = began
        self.index.load()
        self.unread = self._noticed + self.index.alarms
        self._tidy(began)
        return self._result

    @property
    def alarms(self) -> list[str]:
        """What an operator should look at, as of the last pass."""
        return self.unread + self._standing + self.retiring.alarms

    def segments(self) -> list[SegmentFile]:
        """What there is to load, oldest first."""
        return [segment for segment in segments_in(self.home.journal) if not segment.packed]

    def behind_bytes(self) -> int:
        """Bytes in the journal that are not in the ledger yet."""
        return self._behind(self.segments())

    def pack_away(self) -> None:
        """Compress the segments that are wholly loaded. Raises OSError."""
        for segment in self.segments():
            if self._loader.marks.get(segment.name, Mark()).finished:
                pack(segment, self.home.loaded)

    def _tidy(self, now_us: int) -> None:
        self.retiring.step(now_us)  # first: it makes the room on the disk that packing takes
        self.pack_away()
        if not 0 <= now_us - self._tidied_us < TIDY_EVERY_US:  # the clock may have been set back
            self._tidied_us = now_us
            compact(self._connection, now_us, min(self._loader.touched_since_us, now_us - 2 * UNITS["day"]))
            self._loader.touched_since_us = now_us
            self._standing = self._standing_alarms(now_us)

    def _standing_alarms(self, now_us: int) -> list[str]:
        """What the ledger itself says that an operator should look at: of the last 24 hours."""
        since = now_us - UNITS["day"]
        query = "SELECT count(*) FROM journal_quarantine WHERE at_us >= ?"
        ((bad,),) = self._connection.execute(query, [since]).fetchall()
        alarms = [f"{bad} lines of the journal are in quarantine: see `gatewatch ledger check`"] if bad else []
        query = """
            SELECT dim, sum(calls)::BIGINT FROM dimension_overflow WHERE day >= make_timestamp(?)::DATE
            GROUP BY dim ORDER BY dim"""
        for dim, calls in self._connection.execute(query, [since]).fetchall():
            alarms.append(f"more than {LIMIT} names of {dim} in a day: {calls} calls are counted as {OTHER!r}")
        return alarms

    def _read(self, segment: SegmentFile, mark: Mark, tell: Callable[[], object]) -> None:
        """Load a segment from where it is loaded up to; finish it where its writer is gone."""
        upto, torn = mark.upto, b""
        try:
            gone = segment.packed or segment.writer_is_gone()  # before the size: then the size is final
            size = segment.size()
        except OSError as error:
            self._noticed.append(f"segment {segment.name} cannot be read: {error}")
            return
        if size < upto:
            self._noticed.append(f"segment {segment.name} shrank from {upto} to {size} bytes; {_RESTORE}")
            return
        for chunk in self._chunks(segment, upto, size):
            if not chunk.endswith(b"\n"):
                torn = chunk
                break
            self._batch.add(segment.name, upto, chunk)
            upto += len(chunk)
            if self._batch.is_full:
                self._flush()
                tell()
        if gone and upto + len(torn) == size:
            self._finish(segment, upto, torn)
        elif gone:
            self._noticed.append(f"segment {segment.name} ends at {upto + len(torn)} of {size} bytes; {_RESTORE}")

    def _chunks(self, segment: SegmentFile, upto: int, size: int) -> Iterator[bytes]:
        """What can be read of a segment; an unreadable one ends early, and does not stop the others."""
        try:
            yield from segment.chunks(upto, size, CHUNK_BYTES)
        except (OSError, zstandard.ZstdError) as error:
            self._noticed.append(f"segment {segment.name} cannot be read: {error}")

    def _finish(self, segment: SegmentFile, upto: int, torn: bytes) -> None:
        if torn:
            self._batch.refuse(segment.name, upto, torn, "torn: its writer died before the end of the line")
        # Looked at after the lock was free: a run that went on has its next segment by then.
        files = [*segments_in(self.home.loaded), *segments_in(self.home.journal)]
        run = {each.sequence: each for each in files if each.run == segment.run}
        if segment.sequence == max(run.keys() | self._finished(segment.run)):
            last_two = [run[sequence] for sequence in sorted(run)[-2:]]
            found = interrupted(last_two, self._quarantine([each.name for each in last_two]))
            self._result.interrupted += self._batch.add_interrupted(segment.name, upto, found)
        self._batch.segment(segment.name, upto).finished = True
        self._result.finished.append(segment.name)

    def _finished(self, run: str) -> set[int]:
        """Which segments of a run are wholly loaded, whether or not they still exist.

        One that vanished before is no part of its run: a worker takes a new segment back when the disk is full.
        """
        places = [run_and_sequence(name) for name, mark in self._loader.marks.items() if mark.finished]
        return {sequence for of, sequence in places if of == run}

    def _quarantine(self, segments: list[str]) -> set[str]:
        """The lines of these segments that were refused, in the ledger or in the batch at hand."""
        query = "SELECT line FROM journal_quarantine WHERE list_contains(?, segment)"
        refused = {text for (text,) in self._connection.execute(query, [segments]).fetchall()}
        return refused | {bad.line for bad in self._batch.sorted.quarantined if bad.segment in segments}

    def _flush(self) -> None:
        if not self._batch.segments:
            return
        batch, self._batch = self._batch, Batch()
        self._loader.load(batch, self._clock())
        facts, result = batch.sorted.facts, self._result
        result.lines += batch.sorted.lines
        result.calls += len(facts["close"])
        result.attempts += len(facts["attempt"])
        result.rejected += len(facts["rejected"])
        result.quarantined += len(batch.sorted.quarantined)
        result.bytes += batch.size

    def _vanished(self, there: set[str]) -> list[str]:
        """Alarms for segments that went before their end was loaded; one that held no facts may go unnoticed."""
        return [
            f"segment {name} vanished before its end was loaded; {_RESTORE}"
            for name, mark in self._loader.marks.items()
            if not mark.finished and mark.facts and name not in there
        ]

    def _behind(self, segments: list[SegmentFile]) -> int:
        behind = 0
        for segment in segments:
            mark = self._loader.marks.get(segment.name, Mark())
            if not mark.finished:
                with suppress(OSError):  # gone since it was listed: the next pass says so
                    behind += max(0, segment.size() - mark.upto)
        return behind
