"""The trail as links of its chain, one after another, from the store: bounded memory, whatever is in it."""

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from gatewatch.audit.record import COLUMNS, GENESIS, Record, hash_after, record_of_row


class Link(NamedTuple):
    """One entry with its proof. None: it has none, or cannot be read."""

    seq: int
    record: Record | None
    hash: str | None
    seal: str | None
    key_id: str | None
    previous: str | None = None
    """The hash before it, where it says so itself."""

    def follows(self, previous: str) -> bool:
        """Whether its hash is the one that it must have behind `previous`."""
        return self.hash is not None and self.hash == hash_of(previous, self.record)


_SQL = (
    f"SELECT {', '.join(f'a.{name}' for name in COLUMNS)}, c.hash, s.seal, s.key_id"  # noqa: S608 - our own names
    " FROM audit a LEFT JOIN audit_chain c ON c.seq = a.seq LEFT JOIN audit_seals s ON s.seq = a.seq"
    " WHERE a.seq > :after AND {} ORDER BY a.seq"
)


@contextmanager
def snapshot(path: Path) -> Iterator[sqlite3.Connection]:
    """The store at one moment, for reading what may be damaged. Raises sqlite3.Error."""
    connection = sqlite3.connect(path, timeout=5.0, isolation_level=None)
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        yield connection
    finally:
        connection.close()


def links(
    connection: sqlite3.Connection, after: int = 0, *, where: str = "1", values: Mapping[str, object] = {}
) -> Iterator[Link]:
    """The entries behind that one, in order; `after` may be negative. `where`: SQL of our own."""
    for row in connection.execute(_SQL.format(where), {**values, "after": after}):
        *columns, hash, seal, key_id = row
        try:
            record = record_of_row(columns)
        except ValueError:
            record = None
        yield Link(columns[0], record, *(each if isinstance(each, str) else None for each in (hash, seal, key_id)))


def digest_before(connection: sqlite3.Connection, seq: int) -> str:
    """SHA-256 over every record with a lower number, readable or not."""
    digest = hashlib.sha256()
    rows = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM audit WHERE seq < ? ORDER BY seq", (seq,))  # noqa: S608
    for row in rows:
        digest.update(ascii(row).encode())
    return digest.hexdigest()


def hash_before(connection: sqlite3.Connection, seq: int) -> str:
    """The hash that the entry of that number is chained to."""
    row = connection.execute("SELECT hash FROM audit_chain WHERE seq < ? ORDER BY seq DESC LIMIT 1", (seq,)).fetchone()
    return str(row[0]) if row else GENESIS


def hash_of(previous: str, record: Record | None) -> str | None:
    """None for what cannot be hashed: no entry of ours."""
    try:
        return None if record is None else hash_after(previous, record)
    except ValueError:
        return None
