"""Bounds the names that rollups tell apart: the first thousand of a dimension in a day, all later ones are `other`.

A caller can put any text into a dimension (a user, a customer, a model), and rollups that grew with it would be as
slow as the calls. The facts keep every name; how many calls were folded is counted in `dimension_overflow`.
"""

from collections.abc import Iterable
from datetime import date

import duckdb

from gatewatch.ledger.families import CAPPED, quoted
from gatewatch.ledger.insert import insert_json

LIMIT = 1000
OTHER = "other"
_DAYS_REMEMBERED = 8


class Names:
    """The names admitted so far. What is remembered here only saves look-ups; the table decides."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self._admitted: dict[date, dict[str, set[str]]] = {}

    def forget(self) -> None:
        """To be called when a transaction with `fold` in it did not commit."""
        self._admitted.clear()

    def fold(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Inside a transaction: admit the new names in `batch`, and turn those beyond the limit into `other` there."""
        new: list[tuple[str, str, str]] = []
        crowded: set[str] = set()
        names = ", ".join(f"list(DISTINCT {quoted(dim)})" for dim in CAPPED)
        for day, *lists in connection.execute(f"SELECT day, {names} FROM batch GROUP BY day").fetchall():
            admitted = self._of_day(connection, day)
            for dim, found in zip(CAPPED, lists, strict=True):
                known = admitted.setdefault(dim, set())
                unknown = sorted(name for name in found or () if name is not None and name not in known)
                room = max(0, self.limit - len(known))
                known.update(unknown[:room])
                new += [(day.isoformat(), dim, name) for name in unknown[:room]]
                if len(unknown) > room:
                    crowded.add(dim)
        if new:
            insert_json(connection, "dimension_names", {"day": "DATE", "dim": "VARCHAR", "name": "VARCHAR"}, new)
        self._fold(connection, sorted(crowded))

    def _fold(self, connection: duckdb.DuckDBPyConnection, dims: Iterable[str]) -> None:
        for dim in dims:
            late = (
                f"{quoted(dim)} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM dimension_names AS known"
                f" WHERE known.day = batch.day AND known.dim = '{dim}' AND known.name = batch.{quoted(dim)})"
            )
            connection.execute(
                f"INSERT INTO dimension_overflow SELECT day, '{dim}', sum(weight) FROM batch WHERE {late} GROUP BY day"
            )
            connection.execute(f"UPDATE batch SET {quoted(dim)} = '{OTHER}' WHERE {late}")

    def _of_day(self, connection: duckdb.DuckDBPyConnection, day: date) -> dict[str, set[str]]:
        if day not in self._admitted:
            while len(self._admitted) >= _DAYS_REMEMBERED:
                del self._admitted[next(iter(self._admitted))]
            found = self._admitted[day] = {}
            query = "SELECT dim, list(name) FROM dimension_names WHERE day = ? GROUP BY dim"
            for dim, names in connection.execute(query, [day]).fetchall():
                found[dim] = set(names)
        return self._admitted[day]
