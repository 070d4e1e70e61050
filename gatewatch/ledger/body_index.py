"""Loads the index of kept bodies: which call's stand where. Their text stays in the files.

Keeps true: a body is in the index once, as its file's offset is written in the same transaction; a file or a day that
cannot be read stops no other, and is said.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from gatewatch.bodies.day_files import days, files_of
from gatewatch.bodies.record import Broken, Placed, records
from gatewatch.ledger.insert import insert_json
from gatewatch.safe_text import safe

AT_ONCE = 20_000
"""Bodies in one transaction."""
MOST_SAID = 300
"""Characters of an error."""
_COLUMNS = {
    "call_id": "UUID",
    "day": "DATE",
    "kind": "VARCHAR",
    "file": "VARCHAR",
    "offset": "BIGINT",
    "stored": "BIGINT",
    "kept": "BIGINT",
    "size": "BIGINT",
    "cut": "BIGINT",
    "redacted": "MAP(VARCHAR, BIGINT)",
    "loaded_at": "TIMESTAMP",
}


class BodyIndex:
    """Of one ledger. Used in the recorder's thread."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path, clock: Callable[[], int]) -> None:
        self._connection = connection
        self._folder = folder
        self._clock = clock
        self._marks: dict[str, int] = {}
        self._broken: dict[str, str] = {}
        self._unread: dict[str, str] = {}
        """What could not be read in the last pass, and is tried again."""
        self.forget()

    @property
    def alarms(self) -> list[str]:
        """What cannot be read."""
        return [f"bodies in {place} cannot be read: {why}" for place, why in (self._broken | self._unread).items()]

    def forget(self) -> None:
        """Ask the ledger how far it is: something else has changed it, or a transaction failed."""
        rows = self._connection.execute("SELECT file, upto, broken FROM body_files").fetchall()
        self._marks = {file: upto for file, upto, _ in rows}
        self._broken = {file: broken for file, _, broken in rows if broken}

    def load(self) -> int:
        """Index what is new; returns how many bodies. Raises duckdb.Error; what was committed stays."""
        self._unread = {}
        loaded = 0
        with self._noting("bodies/"):
            for day in days(self._folder):
                with self._noting(day):
                    for path in files_of(self._folder, day):
                        with self._noting(f"{day}/{path.name}"):
                            loaded += self._load_file(day, path)
        return loaded

    @contextmanager
    def _noting(self, place: str) -> Iterator[None]:
        """What cannot be read is an alarm, and the next one follows."""
        try:
            yield
        except OSError as error:
            self._unread[place] = safe(str(error), MOST_SAID)

    def _load_file(self, day: str, path: Path) -> int:
        loaded = 0
        name = f"{day}/{path.name}"
        for found, upto, broken in self._new(name, path):
            self._commit(day, name, found, upto, broken)
            loaded += len(found)
        return loaded

    def _new(self, name: str, path: Path) -> Iterator[tuple[list[Placed], int, str | None]]:
        """What is in a file and not in the index: batches, each with the offset behind it."""
        upto = self._marks.get(name, 0)
        try:
            size = path.stat().st_size
            if size <= upto or name in self._broken:
                return
            found: list[Placed] = []
            broken = None
            with path.open("rb") as stream:
                try:
                    for placed, behind in records(stream, upto, size):
                        found.append(placed)
                        upto = behind
                        if len(found) >= AT_ONCE:
                            yield found, upto, None
                            found = []
                except Broken as error:
                    broken = f"at {upto}: {error}"
        except FileNotFoundError:  # its day was deleted
            return
        if found or broken:
            yield found, upto, broken

    def _commit(self, day: str, name: str, found: list[Placed], upto: int, broken: str | None) -> None:
        connection = self._connection
        connection.execute("BEGIN")
        try:
            if found:
                insert_json(connection, "bodies", _COLUMNS, list(self._rows(day, name, found)))
            connection.execute("DELETE FROM body_files WHERE file = ?", [name])
            connection.execute("INSERT INTO body_files VALUES (?, ?, ?, ?)", [name, day, upto, broken])
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            self.forget()
            raise
        self._marks[name] = upto
        if broken:
            self._broken[name] = broken

    def _rows(self, day: str, name: str, found: list[Placed]) -> Iterator[tuple[object, ...]]:
        ((loaded_at,),) = self._connection.execute("SELECT make_timestamp(?)::VARCHAR", [self._clock()]).fetchall()
        for each in found:
            head = each.head
            yield (
                head.call_id, day, head.kind, name, each.offset, head.stored, head.kept, head.size, head.cut,
                head.redacted or None, loaded_at,
            )  # fmt: skip
