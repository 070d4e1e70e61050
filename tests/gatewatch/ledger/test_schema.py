"""Migrations bring a ledger up to date, once, and leave no DDL to replay."""

import msgspec
import pytest

from gatewatch.call import Attempt, Call, Rejected
from gatewatch.ledger import schema
from gatewatch.ledger.call_rows import WHOLE_CALL, as_row, select_list
from gatewatch.ledger.connect import connect
from gatewatch.ledger.schema import migrate, schema_version, scripts
from gatewatch.ledger.unavailable import LedgerUnavailable
from gatewatch.paths import Home
from tests.kit.journals import T0, call_id


def test_an_empty_file_becomes_a_ledger_and_stays_one(home: Home) -> None:
    connection = connect(home.ledger, home.scratch)
    migrate(connection)
    assert schema_version(connection) == len(scripts())
    migrate(connection)
    assert connection.execute("SELECT count(*) FROM ledger_meta").fetchall() == [(len(scripts()),)]
    connection.close()


def test_after_a_migration_the_log_is_empty(home: Home) -> None:
    connection = connect(home.ledger, home.scratch)
    migrate(connection)
    log = home.ledger.with_name("ledger.duckdb.wal")
    assert not log.exists() or log.stat().st_size == 0
    connection.close()


def test_a_later_migration_is_applied_to_an_older_ledger(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = connect(home.ledger, home.scratch)
    migrate(connection)
    later = [*scripts(), "ALTER TABLE calls ADD COLUMN colour VARCHAR;"]
    monkeypatch.setattr(schema, "scripts", lambda: later)
    migrate(connection)
    assert schema_version(connection) == len(later)
    assert connection.execute("SELECT colour FROM calls").fetchall() == []
    connection.close()


def test_calls_of_a_ledger_of_the_first_version_stay_readable(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row is one that version 1 wrote: it has no column for what was dropped."""
    connection = connect(home.ledger, home.scratch)
    first, *_ = scripts()
    with monkeypatch.context() as patch:
        patch.setattr(schema, "scripts", lambda: [first])
        migrate(connection)
    connection.execute(
        "INSERT INTO calls (call_id, day, started_at, status, client_retry, stream, attempts, input_tokens,"
        " input_uncached_tokens, input_cache_read_tokens, input_cache_write_5m_tokens, input_cache_write_1h_tokens,"
        " input_audio_tokens, input_image_tokens, output_tokens, output_reasoning_tokens, output_audio_tokens, cost,"
        " cost_basis, segment, loaded_at) VALUES (?, '2026-11-20', '2026-11-20 10:00:00', 'ok', 0, false, 1, 10, 10, 0,"
        " 0, 0, 0, 0, 5, 0, 0, 0.5, 'computed', 's', '2026-11-20 10:00:01')",
        [call_id(T0)],
    )
    connection.close()
    connection = connect(home.ledger, home.scratch)
    migrate(connection)
    ((*values,),) = connection.execute(f"SELECT {select_list(WHOLE_CALL)} FROM calls").fetchall()
    row = as_row(WHOLE_CALL, values)
    assert (row["call_id"], row["status"], row["cost_usd"], row["dropped_params"]) == (call_id(T0), "ok", "0.5", [])
    connection.close()


def test_a_migration_that_fails_leaves_the_version_before_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = connect(home.ledger, home.scratch)
    migrate(connection)
    monkeypatch.setattr(schema, "scripts", lambda: [*scripts(), "CREATE TABLE half (a INT); SELECT * FROM nowhere;"])
    with pytest.raises(Exception, match="nowhere"):
        migrate(connection)
    assert schema_version(connection) == len(scripts())
    assert connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'half'").fetchall() == [(0,)]
    connection.close()


def test_a_ledger_of_a_newer_gatewatch_is_refused(home: Home) -> None:
    connection = connect(home.ledger, home.scratch)
    migrate(connection)
    connection.execute("INSERT INTO ledger_meta VALUES (99)")
    with pytest.raises(LedgerUnavailable, match="newer"):
        migrate(connection)
    connection.close()


@pytest.mark.parametrize(("record", "table"), [(Call, "calls"), (Attempt, "attempts"), (Rejected, "rejected")])
def test_every_field_of_a_record_has_its_column(home: Home, record: type[msgspec.Struct], table: str) -> None:
    connection = connect(home.ledger, home.scratch)
    migrate(connection)
    columns = {row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()}
    fields = {name.removesuffix("_picos") for name in record.__struct_fields__}
    assert fields <= columns
    connection.close()


def test_nothing_is_indexed_or_constrained_to_be_unique(home: Home) -> None:
    connection = connect(home.ledger, home.scratch)
    migrate(connection)
    assert connection.execute("SELECT count(*) FROM duckdb_indexes()").fetchall() == [(0,)]
    kinds = connection.execute("SELECT DISTINCT constraint_type FROM duckdb_constraints()").fetchall()
    assert kinds == [("NOT NULL",)]
    connection.close()
