"""Inserts rows that Python holds: as one JSON parameter, a hundred times quicker than single rows."""

from collections.abc import Mapping, Sequence

import duckdb
import msgspec


def insert_json(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str], rows: Sequence[Sequence[object]]
) -> None:
    """Insert `rows`, whose values stand in the order of `columns` (name → SQL type). Raises duckdb.Error."""
    objects = [dict(zip(columns, row, strict=True)) for row in rows]
    shape = msgspec.json.encode([columns]).decode()
    connection.execute(
        f"INSERT INTO {table} BY NAME SELECT unnest(from_json(?, '{shape}'), recursive := true)",
        [msgspec.json.encode(objects).decode()],
    )
