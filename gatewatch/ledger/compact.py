"""Merges the deltas of a bucket into one row per combination, so that reading follows buckets and not batches.

Keeps true: a compaction changes no sum; it is one transaction per table. A bucket is due when it is closed and holds
rows of more than one batch, or when it is still open and its deltas outgrow what is merged already, so that the open
hour and day stay small at a cost that grows with the logarithm of their batches.
"""

import duckdb

from gatewatch.ledger.families import FAMILIES, UNITS, Family

GRACE_US = 120_000_000
"""How long after its end a bucket still counts as open."""
OPEN_BATCHES = 30
BUCKETS_AT_ONCE = 240
"""Bounds what one transaction holds in memory."""


def compact(connection: duckdb.DuckDBPyConnection, now_us: int, since_us: int = 0) -> int:
    """Compact what is due among buckets from `since_us` on; returns by how many rows the tables shrank.

    Raises duckdb.Error; what was compacted before that stays so.
    """
    saved = 0
    for family in FAMILIES:
        for unit in UNITS:
            table = family.table(unit)
            due = _due(connection, table, since_us - since_us % UNITS[unit], now_us - GRACE_US - UNITS[unit])
            for begin in range(0, len(due), BUCKETS_AT_ONCE):
                saved += _merge(connection, family, table, due[begin : begin + BUCKETS_AT_ONCE], now_us)
    return saved


def _due(connection: duckdb.DuckDBPyConnection, table: str, since_us: int, closed_us: int) -> list[int]:
    """The buckets of a table that want compacting, in microseconds."""
    query = f"""
        SELECT epoch_us(bucket)
        FROM (
            SELECT bucket, batch, count(*) AS size FROM {table} WHERE bucket >= make_timestamp(?) GROUP BY bucket, batch
        )
        GROUP BY bucket
        HAVING count(*) > 1 AND (
            bucket <= make_timestamp(?) OR count(*) >= {OPEN_BATCHES} AND sum(size) >= 2 * max(size)
        )
        ORDER BY bucket"""
    return [row[0] for row in connection.execute(query, [since_us, closed_us]).fetchall()]


def _merge(connection: duckdb.DuckDBPyConnection, family: Family, table: str, due: list[int], now_us: int) -> int:
    buckets = "bucket IN (SELECT make_timestamp(unnest(?::BIGINT[])))"
    connection.execute("BEGIN")
    try:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE deltas AS FROM {table} WHERE {buckets}", [due])
        merged = connection.execute(
            f"CREATE OR REPLACE TEMP TABLE merged AS SELECT *, {now_us} AS batch FROM ({family.merged('deltas')})"
        ).fetchall()
        deleted = connection.execute(f"DELETE FROM {table} WHERE {buckets}", [due]).fetchall()
        connection.execute(f"INSERT INTO {table} BY NAME FROM merged ORDER BY bucket")
        connection.execute("DROP TABLE deltas")
        connection.execute("DROP TABLE merged")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return int(deleted[0][0]) - int(merged[0][0])
