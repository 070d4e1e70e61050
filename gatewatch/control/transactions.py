"""One connection to the control store, and changes that happen with their audit entry or not at all."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from gatewatch.authority.actor import Actor
from gatewatch.control.audit import AuditTrail
from gatewatch.control.records import LISTS
from gatewatch.control.schema import ControlStoreError
from gatewatch.control.turn import begin


class Transactions:
    """Belongs to the thread that opened the connection. What is kept in the store is for the classes built on this."""

    def __init__(self, connection: sqlite3.Connection, actor: Actor, clock: Callable[[], int]) -> None:
        self.connection = connection
        self.trail = AuditTrail(connection, actor, clock)
        self.clock = clock

    @property
    def actor(self) -> Actor:
        """Who makes the changes."""
        return self.trail.actor

    def become(self, actor: Actor) -> None:
        """Make the changes that follow as somebody else."""
        self.trail.actor = actor

    @contextmanager
    def change(self) -> Iterator[None]:
        """One transaction: all of it or nothing. Raises ControlStoreError where the file cannot be written."""
        try:
            self._begin()
            yield
            self.connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise ControlStoreError(
                f"the control store cannot be changed: {error}", "see `gatewatch doctor`"
            ) from error
        finally:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")

    def _begin(self) -> None:
        """As long as the connection waits for anything."""
        (patience_ms,) = self.connection.execute("PRAGMA busy_timeout").fetchone()
        self.connection.execute("PRAGMA busy_timeout = 0")
        try:
            begin(self.connection, patience_ms / 1000)
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {patience_ms}")

    def insert(self, table: str, record: msgspec.Struct, **further: object) -> None:
        """Adds one row to `table`, whose columns are the record's fields; lists as JSON."""
        row = msgspec.structs.asdict(record) | further
        for name in row.keys() & set(LISTS):
            row[name] = None if row[name] is None else msgspec.json.encode(row[name]).decode()
        names = ", ".join(row)
        values = ", ".join(f":{name}" for name in row)
        self.connection.execute(f"INSERT INTO {table} ({names}) VALUES ({values})", row)  # noqa: S608
