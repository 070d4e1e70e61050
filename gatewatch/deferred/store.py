"""Where deferred calls are kept: one SQLite file of the home, apart from the control store, for it holds prompts.

Keeps true: what was added is on the disk when `add` returns (the WAL is synced with every commit), and so is every step
after it; the file is its owner's alone (0600); what is deleted is overwritten.

Imports stay small: the standard library and msgspec.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from gatewatch.call import Attempt
from gatewatch.control.turn import begin
from gatewatch.deferred.entry import WAITING, Batch, Ended, Entry, Text

PATIENCE_SECONDS = 5.0
KNOWN_US = 30 * 86_400_000_000
"""So long it is known of a call that was deleted that there was one."""

_COLUMNS = ", ".join(Entry.__struct_fields__)
_PLACES = ", ".join(f":{name}" for name in Entry.__struct_fields__)
_BATCH_COLUMNS = ", ".join(Batch.__struct_fields__)
_BATCH_PLACES = ", ".join(f":{name}" for name in Batch.__struct_fields__)
_KEEP_REPLY = "UPDATE texts SET ended = ?, reply = ?, headers = '{}', body = x'' WHERE id = ?"
_IS_WAITING = f"state IN ({', '.join(repr(state) for state in WAITING)})"
_CHANGES = ", ".join(f"{name} = :{name}" for name in Entry.__struct_fields__ if name not in ("id", "cancelled_at"))
_SELECT = f"SELECT {_COLUMNS} FROM calls WHERE "  # noqa: S608 - the names are ours, here and below
_INSERT = f"INSERT INTO calls ({_COLUMNS}) VALUES ({_PLACES})"  # noqa: S608
_UPDATE = f"UPDATE calls SET {_CHANGES} WHERE id = :id"  # noqa: S608
_HOW_MANY_WAIT = f"SELECT count(*) FROM calls WHERE {_IS_WAITING}"  # noqa: S608
_PUT_BATCH = f"INSERT OR REPLACE INTO batches ({_BATCH_COLUMNS}) VALUES ({_BATCH_PLACES})"  # noqa: S608
_BATCHES = f"SELECT {_BATCH_COLUMNS} FROM batches ORDER BY submitted_at"  # noqa: S608
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS calls ({_COLUMNS.replace("id,", "id TEXT PRIMARY KEY,", 1)}) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS calls_by_state ON calls (state, bytes);
CREATE TABLE IF NOT EXISTS texts (
    id      TEXT PRIMARY KEY,
    headers TEXT NOT NULL, -- JSON, without credentials
    body    BLOB NOT NULL,
    call    TEXT NOT NULL, -- JSON
    earlier TEXT NOT NULL, -- JSON
    ended   TEXT,          -- JSON, without the reply's body; NULL: it has not
    reply   BLOB
);
CREATE TABLE IF NOT EXISTS batches ({_BATCH_COLUMNS.replace("id,", "id TEXT PRIMARY KEY,", 1)}) WITHOUT ROWID;
"""

_ended = msgspec.json.Decoder(Ended).decode


class Full(Exception):
    """No more calls are taken now. Says why."""


class DeferredStore:
    """Belongs to the thread that made it. Everything raises sqlite3.Error where the file cannot be used."""

    def __init__(self, path: Path) -> None:
        """Makes the file where there is none. Raises OSError, sqlite3.Error."""
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            _patiently(self._connection, f"PRAGMA {pragma}")
        with self._change():
            for statement in _SCHEMA.split(";\n"):
                self._connection.execute(statement)

    def close(self) -> None:
        self._connection.close()

    # taking and telling

    def add(self, entry: Entry, text: Text, *, most_calls: int, most_bytes: int) -> None:
        """When it returns, the call survives whatever ends this process. Raises Full."""
        entry.bytes = len(text.body) + sum(map(len, text.headers.values()))
        with self._change():
            if self._one(_HOW_MANY_WAIT) >= most_calls:
                raise Full(f"{most_calls} calls wait already")
            if self._one("SELECT coalesce(sum(bytes), 0) FROM calls") + entry.bytes > most_bytes:
                raise Full(f"those that are kept have {most_bytes} bytes already")
            self._execute(_INSERT, msgspec.structs.asdict(entry))
            self._execute(
                "INSERT INTO texts (id, headers, body, call, earlier) VALUES (?, ?, ?, ?, ?)",
                (entry.id, _json(text.headers), text.body, _json(text.call), _json(text.earlier)),
            )

    def find(self, id: str) -> Entry | None:
        found = self._entries("id = ?", (id,))
        return found[0] if found else None

    def text(self, id: str) -> Text:
        """Raises LookupError where it is gone."""
        query = "SELECT headers, body, call, earlier FROM texts WHERE id = ?"
        row = self._connection.execute(query, (id,)).fetchone()
        if row is None:
            raise LookupError(id)
        headers, body, call, earlier = row
        return Text(
            headers=msgspec.json.decode(headers),
            body=body,
            call=msgspec.json.decode(call, type=Text.__annotations__["call"]),
            earlier=msgspec.json.decode(earlier, type=list[Attempt]),
        )

    def ended(self, id: str) -> Ended | None:
        """How it ended; None: it has not, or that is deleted."""
        row = self._connection.execute("SELECT ended, reply FROM texts WHERE id = ?", (id,)).fetchone()
        if row is None or row[0] is None:
            return None
        return msgspec.structs.replace(_ended(row[0]), body=row[1])

    def listed(self, team: str | None = None, most: int = 1000) -> list[Entry]:
        """Those that are not deleted, the newest first; of one team or all."""
        condition = "state != 'deleted' AND (?1 IS NULL OR team = ?1) ORDER BY id DESC LIMIT ?2"
        return self._entries(condition, (team, most))

    def cancel(self, id: str, at: int) -> Entry | None:
        """A call that waits is to be ended; one that has ended is deleted. What it was before; None: there is none."""
        with self._change():
            entry = self.find(id)
            if entry is None or entry.state in ("ended", "deleted"):
                return entry
            if entry.state == "done":
                self._forget([id])
            elif entry.cancelled_at is None:
                self._execute("UPDATE calls SET cancelled_at = ?, next_at = 0 WHERE id = ?", (at, id))
        return entry

    # running

    def waiting(self) -> list[Entry]:
        """All that have not ended, and those whose rows are still to be written; the oldest first."""
        return self._entries(f"{_IS_WAITING} OR state = 'ended' ORDER BY id", ())

    def version(self) -> int:
        """Changes when another connection has changed anything."""
        return self._one("PRAGMA data_version")

    def news(self, since: int) -> list[Entry]:
        """Of those that wait, what was taken since then (µs), and what was cancelled."""
        return self._entries(f"{_IS_WAITING} AND (accepted_at >= ? OR cancelled_at IS NOT NULL) ORDER BY id", (since,))

    def put(self, *entries: Entry, earlier: Sequence[Attempt] = (), batch: Batch | None = None) -> None:
        """These are as they say now. `earlier`: tries of the one call that are over. `batch`: that they are in.

        Cancelling is its caller's word alone, and stays.
        """
        with self._change():
            if batch is not None:
                self._execute(_PUT_BATCH, msgspec.structs.asdict(batch))
            for entry in entries:
                self._execute(_UPDATE, msgspec.structs.asdict(entry))
                if earlier:
                    self._execute("UPDATE texts SET earlier = ? WHERE id = ?", (_json(earlier), entry.id))

    def end(self, entry: Entry, ended: Ended) -> None:
        """Its reply is safe from here on; its row is to be written next. What it was asked goes."""
        entry.state, entry.status, entry.ended_at = "ended", ended.status, ended.call.started_at + ended.call.latency_us
        told = _json(msgspec.structs.replace(ended, body=b""))
        entry.bytes = len(told) + len(ended.body)
        with self._change():
            self._execute(
                "UPDATE calls SET state = 'ended', status = ?, ended_at = ?, bytes = ?, batch = NULL WHERE id = ?",
                (entry.status, entry.ended_at, entry.bytes, entry.id),
            )
            self._execute(_KEEP_REPLY, (told, ended.body, entry.id))

    def recorded(self, *ids: str) -> None:
        """Their rows are in the journal."""
        with self._change():
            for id in ids:
                self._execute("UPDATE calls SET state = 'done' WHERE id = ? AND state = 'ended'", (id,))

    def purge(self, now: int, keep_us: int) -> int:
        """Delete what has been there long enough; how many calls were."""
        done = "SELECT id FROM calls WHERE state = 'done' AND ended_at < ?"
        with self._change():
            old = [id for (id,) in self._connection.execute(done, (now - keep_us,))]
            self._forget(old)
            self._execute("DELETE FROM calls WHERE state = 'deleted' AND accepted_at < ?", (now - KNOWN_US,))
        if old:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return len(old)

    # batches

    def put_batch(self, batch: Batch) -> None:
        """A new one, or how it is now."""
        with self._change():
            self._execute(_PUT_BATCH, msgspec.structs.asdict(batch))

    def batches(self) -> list[Batch]:
        """Those that have not ended."""
        rows = self._connection.execute(_BATCHES).fetchall()
        names = Batch.__struct_fields__
        return [msgspec.convert(dict(zip(names, row, strict=True)), Batch, strict=False) for row in rows]

    def drop_batch(self, id: str) -> None:
        with self._change():
            self._execute("DELETE FROM batches WHERE id = ?", (id,))

    # inside

    def _forget(self, ids: Sequence[str]) -> None:
        for id in ids:
            self._execute("UPDATE calls SET state = 'deleted', bytes = 0 WHERE id = ?", (id,))
            self._execute("DELETE FROM texts WHERE id = ?", (id,))

    def _entries(self, condition: str, values: tuple[Any, ...]) -> list[Entry]:
        rows = self._connection.execute(_SELECT + condition, values).fetchall()
        names = Entry.__struct_fields__
        return [msgspec.convert(dict(zip(names, row, strict=True)), Entry) for row in rows]

    def _one(self, query: str) -> int:
        (found,) = self._connection.execute(query).fetchone()
        return int(found)

    def _execute(self, statement: str, values: Any) -> None:
        self._connection.execute(statement, values)

    @contextmanager
    def _change(self) -> Iterator[None]:
        begin(self._connection, PATIENCE_SECONDS)
        try:
            yield
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _patiently(connection: sqlite3.Connection, statement: str) -> None:
    """Another process may be making the file at this moment."""
    connection.execute(f"PRAGMA busy_timeout = {int(PATIENCE_SECONDS * 1000)}")
    try:
        connection.execute(statement).fetchall()
    finally:
        connection.execute("PRAGMA busy_timeout = 0")
