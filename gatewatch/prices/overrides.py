"""The operator's own price rows, in the control store. They are added and never changed: a change is a later row."""

import sqlite3
from pathlib import Path

import msgspec

from gatewatch.prices.row import PriceRow

_TABLE = "CREATE TABLE IF NOT EXISTS price_rows (id TEXT PRIMARY KEY, row TEXT NOT NULL, recorded_at TEXT NOT NULL)"


def load(connection: sqlite3.Connection) -> list[PriceRow]:
    """All rows in the order in which they were added; none where the store has never held one.

    Raises sqlite3.DatabaseError where a row is damaged.
    """
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'price_rows'").fetchone():
        return []
    rows = connection.execute("SELECT row FROM price_rows ORDER BY recorded_at, id")
    try:
        return [msgspec.json.decode(text, type=PriceRow) for (text,) in rows]
    except msgspec.DecodeError as error:
        raise sqlite3.DatabaseError(f"a price row is damaged: {error}") from error


def load_file(path: Path) -> list[PriceRow]:
    """The rows in the control store at `path`, which is only read; none where there is no such file.

    Raises sqlite3.Error where it cannot be read.
    """
    if not path.exists():
        return []
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        return load(connection)
    finally:
        connection.close()


def add(connection: sqlite3.Connection, row: PriceRow) -> None:
    """Adds a row, within the transaction that is open, if one is.

    Raises ValueError where one for the same provider, model, conditions and beginning is there already.
    """
    connection.execute(_TABLE)
    if taken := [each.id for each in load(connection) if _place(each) == _place(row)]:
        raise ValueError(f"there is {taken[0]} already, and rows are not overwritten")
    connection.execute(
        "INSERT INTO price_rows (id, row, recorded_at) VALUES (?, ?, ?)",
        (row.id, msgspec.json.encode(row).decode(), row.recorded_at.isoformat()),
    )


def replaced_by(connection: sqlite3.Connection, row: PriceRow) -> PriceRow | None:
    """The operator's row that held under the same conditions until this one begins; None where a list's did."""
    earlier = [
        each
        for each in load(connection)
        if _place(each)[:-1] == _place(row)[:-1]
        and (each.valid_from is None or (row.valid_from is not None and each.valid_from < row.valid_from))
    ]
    return max(
        earlier, key=lambda each: (each.valid_from is not None, each.valid_from or row.recorded_at), default=None
    )


def _place(row: PriceRow) -> tuple[object, ...]:
    return row.provider, row.model.lower(), row.tier, row.above, row.hours, row.valid_from
