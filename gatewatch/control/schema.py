"""Opens control.db and brings its schema up to date.

The file is this user's alone (0600), in WAL mode with full sync: a revocation that was confirmed survives a power cut.
`PRAGMA user_version` is the number of the last migration; each migration is one transaction, and of several processes
that open a store at once exactly one applies it. A store of a newer Gatewatch is refused, never written.
"""

import os
import sqlite3
import stat
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from gatewatch.audit.chain import adopt
from gatewatch.control.exclusive import exclusive
from gatewatch.errors import GatewatchError

APPLICATION_ID = 0x67776374  # "gwct"
BUSY_SECONDS = 5.0

_AFTER = {2: adopt}
"""What a migration does that SQL cannot, in its transaction."""


class ControlStoreError(GatewatchError):
    """The control store cannot be used as it is."""


def connect(path: Path) -> sqlite3.Connection:
    """A read-write connection to an up-to-date store, made where there is none.

    Raises ControlStoreError where the file is no control store, is damaged, or is newer than this program.
    """
    _make_private(path)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        _check_identity(connection, path)
        if _version(connection) != len(_migrations()):
            with exclusive(path.parent):  # the change to WAL mode does not wait for other connections: it fails
                connection.execute("PRAGMA journal_mode = WAL")
                _migrate(connection, path)
    except sqlite3.DatabaseError as error:
        connection.close()
        if isinstance(error, sqlite3.OperationalError):
            raise ControlStoreError(f"{path} cannot be used: {error}", "see `gatewatch doctor`") from error
        raise ControlStoreError(
            f"{path} is damaged or not a control store: {error}",
            "restore it from a backup, or move it away to start anew",
        ) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _make_private(path: Path) -> None:
    """An existing file is only looked at by name: closing a descriptor of it drops SQLite's locks here."""
    try:
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            if stat.S_IMODE(path.stat().st_mode) != 0o600:
                path.chmod(0o600)
    except OSError as error:
        raise ControlStoreError(
            f"{path} cannot be opened: {error.strerror}", "choose the folder with --home"
        ) from error


def _check_identity(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN")  # both from one moment: another process may be making the store
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    connection.execute("COMMIT")
    if application != APPLICATION_ID and (application or objects):
        raise ControlStoreError(f"{path} is not a control store", "choose another folder with --home")


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    migrations = _migrations()
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)
        if version > len(migrations):
            raise ControlStoreError(
                f"{path} was made by a newer Gatewatch (schema {version}, this one knows {len(migrations)})",
                "run the newer Gatewatch, or choose another folder with --home",
            )
        for number, migration in enumerate(migrations[version:], start=version + 1):
            for statement in _statements(migration):
                connection.execute(statement)
            if after := _AFTER.get(number):
                after(connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _migrations() -> list[str]:
    """The numbered .sql files in order; the n-th (from 1) brings a store to version n."""
    folder = files("gatewatch.control") / "migrations"
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    for number, entry in enumerate(found, start=1):
        assert entry.name.startswith(f"{number:04d}_"), f"{entry.name} is out of its order"
    return [entry.read_text(encoding="utf-8") for entry in found]


def _statements(script: str) -> Iterator[str]:
    """Single statements: sqlite3's executescript would commit our transaction first."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    assert not pending.strip(), "a migration ends in the middle of a statement"
