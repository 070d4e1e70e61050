"""How much the control store holds of each class of data, and how long it is kept: for whoever asks what is stored.

Keeps true: it only reads, and what it cannot read it leaves out.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gatewatch.control.alerts import KEEP_US
from gatewatch.control.configuration_versions import MOST_VERSIONS
from gatewatch.timespan import duration_text

_FOR_EVER = "for ever"
_PATIENCE_SECONDS = 1.0


class Retained(NamedTuple):
    """One class."""

    name: str
    kept: str
    """For people."""
    oldest: int | None
    """µs since the epoch; None: there is none."""
    rows: int


_CLASSES = (
    ("audit", _FOR_EVER, "audit", "at"),
    ("grants", _FOR_EVER, "grants", "created_at"),
    ("alerts", f"{duration_text(KEEP_US)} once they are over", "alerts", "changed_at"),
    ("configurations", f"the last {MOST_VERSIONS}", "configuration_versions", "last_at"),
    ("counters", "the last one", "counter_checkpoint", "at"),
)


def retained(store: Path) -> list[Retained]:
    """Nothing where there is no store, or it cannot be read."""
    try:
        connection = sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE_SECONDS)
    except sqlite3.Error:
        return []
    try:
        return list(_read(connection))
    finally:
        connection.close()


def _read(connection: sqlite3.Connection) -> Iterator[Retained]:
    for name, kept, table, column in _CLASSES:
        try:
            query = f"SELECT min({column}), count(*) FROM {table}"  # noqa: S608 - words of ours
            oldest, rows = connection.execute(query).fetchone()
        except sqlite3.Error:  # of an older version, or somebody is at work on it
            continue
        yield Retained(name, kept, oldest, rows)
