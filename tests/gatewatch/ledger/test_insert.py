"""Rows from Python arrive as they are."""

from gatewatch.ledger.connect import connect
from gatewatch.ledger.insert import insert_json
from gatewatch.paths import Home


def test_rows_arrive_with_their_types_and_any_text(home: Home) -> None:
    connection = connect(home.ledger, home.scratch)
    connection.execute('CREATE TABLE t ("day" DATE, "text" VARCHAR, "number" BIGINT)')
    rows = [("2026-11-20", "'; DROP TABLE t; --\x00\N{SNOWMAN}\"", 2**62), ("2026-11-21", None, -1)]
    insert_json(connection, "t", {"day": "DATE", "text": "VARCHAR", "number": "BIGINT"}, rows)
    found = connection.execute('SELECT "day"::VARCHAR, "text", "number" FROM t').fetchall()
    assert found == rows
    connection.close()
