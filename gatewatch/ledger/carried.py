"""What a rebuilt ledger takes over from the old one, because nothing else tells it any more: sums of days whose calls
were deleted, and calls whose segments were.

Keeps true: what retention has deleted does not come back, and what it has kept is not lost: the journal may be kept for
less long than calls. Of a day whose calls were deleted the sums are wholly the old ledger's; any other day's are made
anew, of the calls that are carried over too.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import duckdb

from gatewatch.ledger.connect import attach
from gatewatch.ledger.facts import calls_in
from gatewatch.ledger.families import FAMILIES, UNITS
from gatewatch.ledger.keeping import TABLES
from gatewatch.ledger.load import add_sums
from gatewatch.ledger.names import Names
from gatewatch.ledger.retiring import whole_since

_SUMS = tuple(family.table(unit) for family in FAMILIES for unit in UNITS)
_DAYS = ("dimension_names", "dimension_overflow")


def lost(old: duckdb.DuckDBPyConnection, there: Sequence[str]) -> int:
    """How many calls stand only in the old ledger, and not because retention took their segments. Raises duckdb.Error.

    `there`: the segments that there are.
    """
    since = whole_since(old)
    begin = f"make_timestamp({max(since.get('calls', 0), since.get('journal', 0))})"
    query = f"SELECT count(*) FROM calls WHERE NOT list_contains(?, segment) AND started_at >= {begin}"
    ((count,),) = old.execute(query, [there]).fetchall()
    return int(count)


def carry_out(old: duckdb.DuckDBPyConnection, into: Path, there: Sequence[str]) -> None:
    """Copy it from the old ledger into a file. `there`: the segments that there are. Raises duckdb.Error."""
    remove(into)
    since = whole_since(old).get("calls", 0)
    journal = whole_since(old).get("journal", 0)
    attach(old, into, "carried")
    try:
        for table in _SUMS:
            old.execute(f"CREATE TABLE carried.{table} AS FROM {table} WHERE bucket < make_timestamp({since})")
        for table in _DAYS:
            old.execute(f"CREATE TABLE carried.{table} AS FROM {table} WHERE day < make_timestamp({since})::DATE")
        old.execute("CREATE TABLE carried.retention AS FROM retention")
        for table, column in TABLES["calls"]:
            taken = f"{column} >= make_timestamp({since}) AND {column} < make_timestamp({journal})"
            alone = f"{taken} AND NOT list_contains(?, segment)"
            old.execute(f"CREATE TABLE carried.{table} AS FROM {table} WHERE {alone}", [there])
    finally:
        with suppress(duckdb.Error):
            old.execute("DETACH carried")


def carry_in(new: duckdb.DuckDBPyConnection, source: Path) -> None:
    """Put it in the place of what the new ledger has of those days. Raises duckdb.Error."""
    attach(new, source, "carried")
    new.execute("DELETE FROM carried.calls WHERE call_id IN (SELECT call_id FROM calls)")  # made of other lines anew
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
        _add_calls(new)
        new.execute("COMMIT")
    except BaseException:
        new.execute("ROLLBACK")
        raise
    finally:
        with suppress(duckdb.Error):
            new.execute("DETACH carried")


def _add_calls(new: duckdb.DuckDBPyConnection) -> None:
    """Day by day, so that what is in memory is bounded."""
    days = "SELECT day FROM carried.calls UNION SELECT day FROM carried.rejected ORDER BY day"
    names = Names()
    for number, (day,) in enumerate(new.execute(days).fetchall(), 1):
        new.execute(f"CREATE OR REPLACE TEMP TABLE batch AS FROM {calls_in('carried.')} WHERE day = ?", [day])
        add_sums(new, names, number)
    for table, _ in TABLES["calls"]:
        new.execute(f"INSERT INTO {table} BY NAME FROM carried.{table}")


def remove(path: Path) -> None:
    """The file, and its log."""
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
