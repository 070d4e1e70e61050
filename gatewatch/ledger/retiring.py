"""Deletes what is older than it may be: a little at a time, beside the loading.

Keeps true: what is kept is not touched; what is deleted is said first, in the ledger itself (`retention`), so that a
check and an answer know from when on a class is whole; one step is short, so that neither loading nor queries wait.
Text of prompts goes first, and from the disk: its files are unlinked. What cannot be deleted is an alarm, is tried
again, and keeps nothing else. Without a `Keeping` nothing is deleted.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from gatewatch.bodies.day_files import day_of, days
from gatewatch.ledger.families import UNITS
from gatewatch.ledger.keeping import CLASSES, TABLES, Class, Keeping
from gatewatch.ledger.segments import SegmentFile, segments_in
from gatewatch.paths import Home
from gatewatch.safe_text import safe

STEP_SECONDS = 0.2
"""How long one step may take, about."""
EVERY_US = 30_000_000
"""How often it is looked whether anything is due."""
LEFT_BEHIND_US = UNITS["day"]
"""How old a file in the scratch folder is that nobody works on any more."""
MOST_SAID = 300
"""Characters of an error."""
_SLICE = {"started_at": UNITS["hour"], "bucket": UNITS["day"], "day": UNITS["day"]}
"""Column that says when → how much of a table goes in one transaction."""


class Retiring:
    """Of one ledger. Used in the recorder's thread."""

    def __init__(
        self, home: Home, connection: duckdb.DuckDBPyConnection, *, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._home = home
        self._connection = connection
        self._timer = timer
        self._keeping: Keeping | None = None
        self._next_us = 0
        self._deleted = 0
        self.alarms: list[str] = []
        """What could not be deleted, and why."""
        self._failed: list[str] = []
        self.on_bodies_gone: Callable[[], object] = bool
        """Called when bodies have left the index."""

    def keep(self, keeping: Keeping | None) -> None:
        """From the next step on."""
        if keeping != self._keeping:
            self._keeping, self._next_us = keeping, 0

    def step(self, now_us: int, seconds: float = STEP_SECONDS) -> bool:
        """Delete what is due, for so long; whether nothing is left to do. Raises duckdb.Error; call it again."""
        keeping = self._keeping
        if keeping is None or 0 <= self._next_us - now_us <= EVERY_US:  # the clock may have been set back
            return True
        self._failed = []
        is_done = self._delete(keeping, now_us, self._timer() + seconds)
        self.alarms = self._failed if is_done else list(dict.fromkeys(self.alarms + self._failed))
        if is_done:
            self._next_us = now_us + EVERY_US
        return is_done

    def _delete(self, keeping: Keeping, now_us: int, until: float) -> bool:
        said: list[Class] = []
        for kind in CLASSES:
            with self._noting(kind):
                self._say(kind, keeping, now_us)
                said.append(kind)
        for kind in said:
            if (before := keeping.before(kind, now_us)) is not None:
                with self._noting(kind):
                    for _ in self._retire(kind, before, now_us):
                        if self._timer() >= until:
                            return False
        with self._noting("leftovers"):
            self._sweep(now_us)
        if self._deleted:
            with suppress(duckdb.TransactionException):  # a query runs: the next one, or the log's length, does it
                self._connection.execute("CHECKPOINT")
                self._deleted = 0
        return True

    @contextmanager
    def _noting(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            why = safe(str(error), MOST_SAID)
            self._failed.append(f"retention cannot delete {what}: {why}; see who owns it, or remove it by hand")

    def _say(self, kind: Class, keeping: Keeping, now_us: int) -> None:
        """Write down what holds, and up to when things are deleted now. A time that was said is never taken back."""
        query = "SELECT keep_us, epoch_us(deleted_before) FROM retention WHERE class = ?"
        old: tuple[int | None, int | None] | None = self._connection.execute(query, [kind]).fetchone()
        kept, before = keeping.of(kind), keeping.before(kind, now_us)
        if before is not None and not self._has_any(kind, before):
            before = None  # nothing goes: what is there is whole
        if old is None:
            insert = "INSERT INTO retention VALUES (?, ?, make_timestamp(?), 0, NULL)"
            self._connection.execute(insert, [kind, kept, before])
        elif old[0] != kept or (before is not None and before > (old[1] or 0)):
            update = "UPDATE retention SET keep_us = ?, deleted_before = make_timestamp(?) WHERE class = ?"
            latest = old[1] if before is None else max(before, old[1] or 0)
            self._connection.execute(update, [kept, latest, kind])

    def _has_any(self, kind: Class, before: int) -> bool:
        if any(self._oldest(table, column, before) is not None for table, column in TABLES[kind]):
            return True
        if kind == "bodies":
            return any(day < day_of(before) for day in days(self._home.bodies))
        return kind == "journal" and any(True for _ in _packed_before(self._home.loaded, before))

    def _retire(self, kind: Class, before: int, now_us: int) -> Iterator[None]:
        """Yields after each bounded part."""
        if kind == "journal":
            gone = 0
            for segment in list(_packed_before(self._home.loaded, before)):
                with self._noting(f"segment {segment.name}"):
                    segment.path.unlink()
                    gone += 1
            self._count(kind, gone, now_us)
            self._forget_quarantine(before)
            return
        stuck: list[str] = []
        """Days of bodies that are still there: so is their index."""
        if kind == "bodies":
            for day in days(self._home.bodies):
                if day < day_of(before):
                    stuck.append(day)
                    with self._noting(f"bodies of {day}"):
                        shutil.rmtree(self._home.bodies / day)
                        stuck.pop()
                        yield
        for table, column in TABLES[kind]:
            while (oldest := self._oldest(table, column, before, stuck)) is not None:
                size = _SLICE[column]
                end = min(before, oldest // size * size + size)
                old, parameters = _old(column, end, stuck)
                with _transaction(self._connection):
                    gone = self._rows(f"DELETE FROM {table} WHERE {old}", parameters)[0][0]
                    self._count(kind, gone, now_us)
                    if kind == "bodies":
                        self._connection.execute(f"DELETE FROM body_files WHERE {old}", parameters)
                if kind == "bodies":
                    self.on_bodies_gone()
                yield

    def _oldest(self, table: str, column: str, before: int, but: Sequence[str] = ()) -> int | None:
        """When the oldest row of a table is of, if that is before this time. `but`: days that do not count."""
        old, parameters = _old(column, before, but)
        query = f"SELECT epoch_us(min({column})::TIMESTAMP) FROM {table} WHERE {old}"
        found: int | None = self._rows(query, parameters)[0][0]
        return found

    def _count(self, kind: Class, gone: int, now_us: int) -> None:
        if gone:
            self._deleted += gone
            update = "UPDATE retention SET deleted = deleted + ?, deleted_at = make_timestamp(?) WHERE class = ?"
            self._connection.execute(update, [gone, now_us, kind])

    def _forget_quarantine(self, before: int) -> None:
        """Lines that could not be loaded are kept as long as the segment that they are of."""
        files = [segment.name for folder in (self._home.loaded, self._home.journal) for segment in segments_in(folder)]
        self._connection.execute(
            "DELETE FROM journal_quarantine WHERE at_us < ? AND NOT list_contains(?, segment)", [before, files]
        )

    def _sweep(self, now_us: int) -> None:
        """Copies and unfinished files that something left behind which was killed."""
        folders = ((self._home.scratch, "*"), (self._home.loaded, "*.packing"))
        for path in (path for folder, form in folders for path in folder.glob(form)):
            with suppress(FileNotFoundError):
                if path.is_file() and path.stat().st_mtime < (now_us - LEFT_BEHIND_US) / 1e6:
                    path.unlink()

    def _rows(self, sql: str, parameters: list[object] | None = None) -> list[tuple[int, ...]]:
        return self._connection.execute(sql, parameters or []).fetchall()


def whole_since(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Class → the time (µs) before which some of it may be deleted. Raises duckdb.Error."""
    query = "SELECT class, epoch_us(deleted_before) FROM retention WHERE deleted_before IS NOT NULL"
    return dict(connection.execute(query).fetchall())


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.execute("BEGIN")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _as(column: str) -> str:
    """SQL: the parameter, a time in microseconds, as the column's type."""
    return "make_timestamp(?)::DATE" if column == "day" else "make_timestamp(?)"


def _old(column: str, before: int, but: Sequence[str]) -> tuple[str, list[object]]:
    """SQL, and its parameters: what is older, except of some days."""
    old = f"{column} < {_as(column)}"
    return (f"{old} AND NOT list_contains(?, {column}::VARCHAR)", [before, list(but)]) if but else (old, [before])


def _packed_before(folder: Path, before: int) -> Iterator[SegmentFile]:
    for segment in segments_in(folder):
        if segment.packed and segment.path.stat().st_mtime < before / 1e6:
            yield segment
