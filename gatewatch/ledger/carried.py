"""What a rebuilt ledger takes over from the old one: sums of days whose calls were deleted, which nothing tells again.

Keeps true: what retention has deleted does not come back, and what it has kept is not lost; each day's sums are wholly
the old ledger's or wholly made anew.
"""

from contextlib import suppress
from pathlib import Path

import duckdb

from gatewatch.ledger.connect import attach
from gatewatch.ledger.families import FAMILIES, UNITS
from gatewatch.ledger.keeping import TABLES
from gatewatch.ledger.retiring import whole_since

_SUMS = tuple(family.table(unit) for family in FAMILIES for unit in UNITS)
_DAYS = ("dimension_names", "dimension_overflow")


def carry_out(old: duckdb.DuckDBPyConnection, into: Path) -> None:
    """Copy it from the old ledger into a file. Raises duckdb.Error."""
    remove(into)
    since = whole_since(old).get("calls", 0)
    attach(old, into, "carried")
    try:
        for table in _SUMS:
            old.execute(f"CREATE TABLE carried.{table} AS FROM {table} WHERE bucket < make_timestamp({since})")
        for table in _DAYS:
            old.execute(f"CREATE TABLE carried.{table} AS FROM {table} WHERE day < make_timestamp({since})::DATE")
        old.execute("CREATE TABLE carried.retention AS FROM retention")
    finally:
        with suppress(duckdb.Error):
            old.execute("DETACH carried")


def carry_in(new: duckdb.DuckDBPyConnection, source: Path) -> None:
    """Put it in the place of what the new ledger has of those days. Raises duckdb.Error."""
    attach(new, source, "carried")
    new.execute("BEGIN")
    try:
        new.execute("DELETE FROM retention")
        new.execute("INSERT INTO retention FROM carried.retention")
        since = whole_since(new).get("calls", 0)
        for table, column in TABLES["calls"]:
            new.execute(f"DELETE FROM {table} WHERE {column} < make_timestamp({since})")
        for table in _SUMS:
            new.execute(f"DELETE FROM {table} WHERE bucket < make_timestamp({since})")
            new.execute(f"INSERT INTO {table} BY NAME FROM carried.{table}")
        for table in _DAYS:
            new.execute(f"DELETE FROM {table} WHERE day < make_timestamp({since})::DATE")
            new.execute(f"INSERT INTO {table} BY NAME FROM carried.{table}")
        new.execute("COMMIT")
    except BaseException:
        new.execute("ROLLBACK")
        raise
    finally:
        with suppress(duckdb.Error):
            new.execute("DETACH carried")


def remove(path: Path) -> None:
    """The file, and its log."""
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
