"""Loads a batch of journal lines: facts, rollups, quarantine and offsets in one transaction.

Keeps true: either all of a batch is in the ledger, with the offset that says so, or nothing of it; a line that DuckDB
will not take is found, put in quarantine and does not stop the others; the `loaded_at` of a call or try is later than
that of every batch before, whatever the clock says: what came since a moment can be told (`tally.py`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import msgspec

from gatewatch.call import Attempt, Call, Rejected
from gatewatch.ledger.columns import json_columns, ledger_columns
from gatewatch.ledger.connect import literal
from gatewatch.ledger.families import FAMILIES, UNITS
from gatewatch.ledger.insert import insert_json
from gatewatch.ledger.lines import MAX_LINE, Fact, Sorted
from gatewatch.ledger.names import Names

BATCH_BYTES = 32 * 1024 * 1024
BATCH_LINES = 100_000

_RECORDS: dict[str, type[msgspec.Struct]] = {"close": Call, "attempt": Attempt, "rejected": Rejected}
_STAGED = {"close": "batch", "attempt": "batch_attempt", "rejected": "batch_rejected"}
"""Kind → temporary table. `batch` also gets what was rejected: it is what rollups are made from."""
_ONLY_IN_BATCH = "weight, is_call"
_QUARANTINE = {"segment": "VARCHAR", "offset": "BIGINT", "line": "VARCHAR", "reason": "VARCHAR", "at_us": "BIGINT"}
_REFUSED_LINE = (
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.OutOfRangeException,
    duckdb.TypeMismatchException,
)
"""What DuckDB raises for a line it cannot take; anything else is not the line's fault."""


@dataclass(frozen=True)
class Mark:
    """How far a segment is loaded."""

    upto: int = 0
    facts: int = 0
    finished: bool = False


@dataclass
class Progress:
    """How far a batch takes one segment."""

    upto: int
    lines: int = 0
    facts: int = 0
    finished: bool = False


@dataclass
class Batch:
    """What one transaction loads."""

    sorted: Sorted = field(default_factory=Sorted)
    segments: dict[str, Progress] = field(default_factory=dict)
    size: int = 0
    """Bytes of the journal."""

    def add(self, segment: str, offset: int, chunk: bytes) -> None:
        """Whole lines of a segment, from `offset` on."""
        lines, facts = self.sorted.lines, self.facts
        self.sorted.add(segment, offset, chunk)
        progress = self.segment(segment, offset)
        progress.upto = offset + len(chunk)
        progress.lines += self.sorted.lines - lines
        progress.facts += self.facts - facts
        self.size += len(chunk)

    def refuse(self, segment: str, offset: int, rest: bytes, reason: str) -> None:
        """The last bytes of a segment, which are no line."""
        self.sorted.refuse(segment, offset, rest, reason)
        progress = self.segment(segment, offset)
        progress.upto = offset + len(rest)
        progress.facts += 1
        self.size += len(rest)

    def add_interrupted(self, segment: str, upto: int, found: Sorted) -> int:
        """Calls that the dead writer of `segment` left open; returns how many."""
        calls = found.facts["close"]
        self.sorted.facts["close"] += calls
        self.sorted.quarantined += found.quarantined
        self.segment(segment, upto).facts += len(calls) + len(found.quarantined)
        return len(calls)

    def segment(self, name: str, upto: int) -> Progress:
        """What this batch does for a segment that is loaded up to `upto`."""
        return self.segments.setdefault(name, Progress(upto))

    @property
    def facts(self) -> int:
        """Lines that become rows, of whatever table."""
        return sum(map(len, self.sorted.facts.values())) + len(self.sorted.quarantined)

    @property
    def is_full(self) -> bool:
        return self.size >= BATCH_BYTES or self.sorted.lines >= BATCH_LINES


class Loader:
    """Loads batches through one connection. Not thread-safe."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, scratch: Path, names: Names | None = None) -> None:
        self._connection = connection
        self._scratch = scratch
        self._names = names or Names()
        self._last_batch = _newest(connection)
        self.on_committed: Callable[[duckdb.DuckDBPyConnection], object] | None = None
        """Called behind each batch, which stands in `batch` and `batch_attempt` then. Must not raise."""
        self.marks: dict[str, Mark] = {}
        self.touched_since_us = 0
        """No bucket from before this time has had new rows since it was last set."""
        self._read_marks()

    def load(self, batch: Batch, now_us: int) -> None:
        """Load it. Raises duckdb.Error where that fails; then nothing of it is in the ledger."""
        self._stage(batch.sorted)
        ((earliest,),) = self._connection.execute("SELECT epoch_us(min(started_at)) FROM batch").fetchall()
        if earliest is not None:
            self.touched_since_us = min(self.touched_since_us, earliest)
        self._last_batch = max(self._last_batch + 1, now_us)
        connection = self._connection
        connection.execute("BEGIN")
        try:
            self._insert(batch, now_us, self._last_batch)
            connection.execute("COMMIT")
        except BaseException:
            self._names.forget()
            try:
                connection.execute("ROLLBACK")
            finally:
                self._read_marks()
            raise
        for name, progress in batch.segments.items():
            mark = self.marks.get(name, Mark())
            self.marks[name] = Mark(progress.upto, mark.facts + progress.facts, progress.finished)
        if self.on_committed:
            self.on_committed(connection)

    def _stage(self, found: Sorted) -> None:
        """The facts as temporary tables, with the ledger's columns and types."""
        for kind, facts in found.facts.items():
            try:
                self._read(kind, facts, _STAGED[kind])
            except _REFUSED_LINE:
                for fact, reason in list(self._refused(kind, facts)):
                    facts.remove(fact)
                    found.refuse(fact.segment, fact.offset, fact.body, f"DuckDB does not take it: {reason}")
                self._read(kind, facts, _STAGED[kind])
        self._connection.execute('INSERT INTO batch BY NAME SELECT * EXCLUDE ("count") FROM batch_rejected')

    def _read(self, kind: str, facts: list[Fact], into: str) -> None:
        record = _RECORDS[kind]
        path = self._scratch / f"{kind}.jsonl"
        path.write_bytes(b"".join([fact.text for fact in facts]))
        try:
            self._connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {into} AS SELECT {ledger_columns(record)}"
                f" FROM read_json({literal(str(path.absolute()))}, columns = {json_columns(record)},"
                f" format = 'newline_delimited', auto_detect = false, maximum_object_size = {2 * MAX_LINE})"
            )
        finally:
            path.unlink()

    def _refused(self, kind: str, facts: list[Fact]) -> Iterator[tuple[Fact, str]]:
        """The facts that DuckDB does not take, found by halves."""
        try:
            self._read(kind, facts, "batch_probe")
        except _REFUSED_LINE as error:
            if len(facts) == 1:
                yield facts[0], str(error).partition("\n")[0][:500]
                return
            middle = len(facts) // 2
            yield from self._refused(kind, facts[:middle])
            yield from self._refused(kind, facts[middle:])

    def _insert(self, batch: Batch, now_us: int, number: int) -> None:
        execute = self._connection.execute
        loaded_at = f"make_timestamp({number}) AS loaded_at"
        execute(f"INSERT INTO calls BY NAME SELECT * EXCLUDE ({_ONLY_IN_BATCH}), {loaded_at} FROM batch WHERE is_call")
        execute(f"INSERT INTO attempts BY NAME SELECT *, {loaded_at} FROM batch_attempt")
        execute(
            f"INSERT INTO rejected BY NAME SELECT * EXCLUDE (status, {_ONLY_IN_BATCH}), {loaded_at} FROM batch_rejected"
        )
        if bad := batch.sorted.quarantined:
            rows = [(each.segment, each.offset, each.line, each.reason, now_us) for each in bad]
            insert_json(self._connection, "journal_quarantine", _QUARANTINE, rows)
        add_sums(self._connection, self._names, number)
        for name, progress in batch.segments.items():
            values = [progress.upto, progress.lines, progress.facts, progress.finished, now_us, name]
            if name in self.marks:
                execute(
                    "UPDATE loaded SET upto = ?, lines = lines + ?, facts = facts + ?, finished = ?,"
                    " loaded_at = make_timestamp(?) WHERE segment = ?",
                    values,
                )
            else:
                execute(
                    "INSERT INTO loaded (upto, lines, facts, finished, loaded_at, segment)"
                    " VALUES (?, ?, ?, ?, make_timestamp(?), ?)",
                    values,
                )

    def _read_marks(self) -> None:
        rows = self._connection.execute("SELECT segment, upto, facts, finished FROM loaded").fetchall()
        self.marks = {name: Mark(upto, facts, finished) for name, upto, facts, finished in rows}


def _newest(connection: duckdb.DuckDBPyConnection) -> int:
    """When the last batch was loaded, µs; 0 in an empty ledger."""
    newest = (f"SELECT max(loaded_at) AS newest FROM {table}" for table in ("calls", "attempts"))
    ((at,),) = connection.execute(f"SELECT epoch_us(max(newest)) FROM ({' UNION ALL '.join(newest)})").fetchall()
    return at or 0


def add_sums(connection: duckdb.DuckDBPyConnection, names: Names, number: int) -> None:
    """Inside a transaction: add the calls in the table `batch` to all sums, under a number that none had before."""
    names.fold(connection)
    for family in FAMILIES:
        for unit in UNITS:
            delta = family.of_calls("batch", f"date_trunc('{unit}', started_at)", family.dims)
            connection.execute(f"INSERT INTO {family.table(unit)} BY NAME SELECT *, {number} AS batch FROM ({delta})")
