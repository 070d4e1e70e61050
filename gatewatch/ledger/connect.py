"""Opens the ledger file, shut off from everything else.

Keeps true: a connection reads and writes the ledger file and the scratch folder, and no other file; it loads no
extension, and its settings cannot be changed any more. Loading needs `read_json` of the scratch folder only, so
readers and the recorder share one such instance. The file stays readable by DuckDB 1.5, whichever version writes it.
"""

import os
import re
from pathlib import Path

import duckdb

from gatewatch.ledger.unavailable import LedgerDamaged, LedgerLocked, LedgerUnavailable

STORAGE_VERSION = "v1.5.0"
DATABASE = "ledger"
ROW_GROUP_ROWS = 10_240
"""A twelfth of DuckDB's own: a batch then fills whole row groups, which go to the file instead of through the log."""
MEMORY_LIMIT = "1GB"
CHECKPOINT_AT = "64MB"
"""Size of the write-ahead log; DuckDB's own 16 MB is one checkpoint per batch while catching up."""

_STOP_SHELL = "Close it there (a DuckDB shell, a notebook); `gatewatch ledger snapshot PATH` makes a copy to explore."
_REBUILD = "Stop the gateway and run `gatewatch ledger rebuild`: it makes the ledger anew from the journal."


def default_threads() -> int:
    """Half the processors: the other half belongs to the workers."""
    return max(1, min(4, (os.cpu_count() or 1) // 2))


def connect(path: Path, scratch: Path, *, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """A hardened connection, using the ledger; makes the file and the scratch folder where there are none.

    Raises LedgerLocked where another process has the file, LedgerDamaged where it cannot be read.
    """
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = duckdb.connect(
        config={
            "threads": threads or default_threads(),
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": str(scratch / "spill"),
            "checkpoint_threshold": CHECKPOINT_AT,
            "python_enable_replacements": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
        }
    )
    try:
        attach(connection, path, DATABASE)
        path.chmod(0o600)
        connection.execute(f"SET allowed_directories = [{literal(str(scratch.absolute()))}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        connection.execute(f"USE {DATABASE}")
    except duckdb.Error as error:
        connection.close()
        raise _unavailable(path, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


def cursor(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Another connection to the same ledger, for another thread."""
    made = connection.cursor()
    made.execute(f"USE {DATABASE}")
    return made


def attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    """Attach a database file, made where there is none in the format that DuckDB 1.5 reads. Raises duckdb.Error."""
    version = "" if path.exists() else f"STORAGE_VERSION '{STORAGE_VERSION}', "  # of an existing file it stays
    connection.execute(f"ATTACH {literal(str(path.absolute()))} AS {name} ({version}ROW_GROUP_SIZE {ROW_GROUP_ROWS})")


def literal(text: str) -> str:
    """`text` as an SQL string, for the places that take no parameter."""
    return "'" + text.replace("'", "''") + "'"


def _unavailable(path: Path, error: duckdb.Error) -> LedgerUnavailable:
    reason = str(error).partition("\n")[0]
    if "Could not set lock" in reason:
        holder = re.search(r"PID \d+", reason)
        return LedgerLocked(f"{path} is open in another process{f' ({holder[0]})' if holder else ''}", _STOP_SHELL)
    if "newer version of DuckDB" in str(error):
        return LedgerUnavailable(f"{path} was written by a newer DuckDB", "Run the newer Gatewatch on it.")
    if isinstance(error, duckdb.IOException) and not re.search("not a valid DuckDB|[Cc]orrupt|WAL", reason):
        return LedgerUnavailable(f"{path} cannot be opened: {reason}", "See `gatewatch doctor`.")
    return LedgerDamaged(f"{path} is damaged: {reason}", _REBUILD)
