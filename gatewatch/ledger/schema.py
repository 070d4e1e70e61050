"""Brings a ledger file up to this program's schema.

Migrations are numbered .sql files, applied once, in order, each in one transaction that also records its number in
`ledger_meta`. A CHECKPOINT follows at once, so that DDL is never replayed from the write-ahead log of a crash.
"""

from importlib.resources import files

import duckdb

from gatewatch.ledger.unavailable import LedgerUnavailable


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Apply what is missing. Raises LedgerUnavailable for a ledger that a newer Gatewatch made."""
    connection.execute("CREATE TABLE IF NOT EXISTS ledger_meta (schema_version INTEGER NOT NULL)")
    migrations = scripts()
    version = schema_version(connection)
    if version > len(migrations):
        raise LedgerUnavailable(
            f"The ledger was made by a newer Gatewatch (schema {version}, this one knows {len(migrations)})",
            "Run the newer Gatewatch, or choose another folder with --home.",
        )
    for number, script in enumerate(migrations[version:], start=version + 1):
        connection.execute("BEGIN")
        try:
            connection.execute(script)
            connection.execute("INSERT INTO ledger_meta VALUES (?)", [number])
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("CHECKPOINT")


def schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    """The number of the last migration applied; 0 for an empty file."""
    found = connection.execute("SELECT coalesce(max(schema_version), 0) FROM ledger_meta").fetchall()
    return int(found[0][0])


def scripts() -> list[str]:
    """The migrations; the n-th (from 1) brings a ledger to version n."""
    folder = files("gatewatch.ledger") / "migrations"
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    for number, entry in enumerate(found, start=1):
        assert entry.name.startswith(f"{number:04d}_"), f"{entry.name} is out of its order"
    return [entry.read_text(encoding="utf-8") for entry in found]
