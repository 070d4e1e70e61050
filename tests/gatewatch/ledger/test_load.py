"""One batch is one transaction."""

import duckdb
import pytest

from gatewatch.ledger.connect import connect
from gatewatch.ledger.load import Batch, Loader, Mark
from gatewatch.ledger.schema import migrate
from gatewatch.paths import Home
from tests.kit.journals import NOW, a_call, attempt, closing, opening

SEGMENT = "20261120T100000Z-00000001-000001"


@pytest.fixture
def connection(home: Home) -> duckdb.DuckDBPyConnection:
    connection = connect(home.ledger, home.scratch)
    migrate(connection)
    return connection


def test_a_batch_takes_each_segment_as_far_as_it_was_read(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    batch = Batch()
    chunk = opening(a_call(0)) + attempt(a_call(0)) + closing(a_call(0))
    batch.add(SEGMENT, 0, chunk)
    batch.add(SEGMENT, len(chunk), closing(a_call(1)))
    other = SEGMENT.replace("00000001", "00000002")
    batch.add(other, 500, closing(a_call(2)))
    loader = Loader(connection, home.scratch)
    loader.load(batch, NOW)
    upto = len(chunk) + len(closing(a_call(1)))
    assert loader.marks == {SEGMENT: Mark(upto, 3, False), other: Mark(500 + len(closing(a_call(2))), 1, False)}
    assert connection.execute("SELECT segment, lines, facts FROM loaded ORDER BY 1").fetchall() == [
        (SEGMENT, 4, 3),
        (other, 1, 1),
    ]
    assert Loader(connection, home.scratch).marks == loader.marks
    assert list(home.scratch.glob("*.jsonl")) == []
    connection.close()


def test_a_batch_of_nothing_but_opens_moves_the_offset(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    batch = Batch()
    batch.add(SEGMENT, 0, opening(a_call(0)))
    loader = Loader(connection, home.scratch)
    loader.load(batch, NOW)
    assert loader.marks == {SEGMENT: Mark(len(opening(a_call(0))), 0, False)}
    connection.close()


def test_a_batch_is_full_by_lines_or_by_bytes() -> None:
    batch = Batch()
    assert not batch.is_full
    batch.add(SEGMENT, 0, b"\n" * 100_000)
    assert batch.is_full
    batch = Batch()
    batch.add(SEGMENT, 0, b"x" * 32 * 1024 * 1024 + b"\n")
    assert batch.is_full


def test_a_hundred_lines_of_the_same_batch_that_duckdb_refuses_are_all_found(
    home: Home, connection: duckdb.DuckDBPyConnection
) -> None:
    twice = closing(a_call(0, tags={"a": "1"})).replace(b'{"a":"1"}', b'{"a":"1","a":"2"}')
    lines = [twice if n % 4 == 0 else closing(a_call(n)) for n in range(40)]
    batch = Batch()
    batch.add(SEGMENT, 0, b"".join(lines))
    Loader(connection, home.scratch).load(batch, NOW)
    assert connection.execute("SELECT count(*) FROM calls").fetchall() == [(30,)]
    assert connection.execute("SELECT count(*) FROM journal_quarantine").fetchall() == [(10,)]
    assert connection.execute("SELECT facts FROM loaded").fetchall() == [(40,)]
    connection.close()


def test_rows_say_where_they_come_from_and_when_they_came(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    batch = Batch()
    batch.add(SEGMENT, 0, closing(a_call(0)))
    Loader(connection, home.scratch).load(batch, NOW)
    assert connection.execute("SELECT segment, epoch_us(loaded_at) FROM calls").fetchall() == [(SEGMENT, NOW)]
    connection.close()
