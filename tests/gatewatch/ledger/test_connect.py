"""The ledger's connection touches nothing else on this machine."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from gatewatch.ledger.connect import attach, connect, cursor, default_threads, literal
from gatewatch.ledger.unavailable import LedgerDamaged, LedgerLocked, LedgerUnavailable
from gatewatch.paths import Home

HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_json('{home}/journal/x.jsonl')",
        "SELECT * FROM read_text('{home}/scratch/../gatewatch.yaml')",
        "SELECT * FROM read_blob('{home}/scratch/link')",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1) TO '{home}/out.csv'",
        "ATTACH '{home}/other.duckdb'",
        "EXPORT DATABASE '{home}/export'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT * FROM read_csv('https://example.com/x.csv')",
        "SET memory_limit = '100GB'",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "RESET lock_configuration",
        "SELECT * FROM python_variable",
    ],
)
def test_a_statement_reaches_no_file_no_network_and_no_setting(home: Home, statement: str) -> None:
    python_variable = [1]
    assert python_variable
    home.config.write_text("secret: yes")
    (home.journal / "x.jsonl").write_text("{}")
    connection = connect(home.ledger, home.scratch)
    (home.scratch / "link").symlink_to(home.config)
    with pytest.raises(duckdb.Error):
        cursor(connection).execute(statement.replace("{home}", str(home.root))).fetchall()
    connection.close()


def test_the_scratch_folder_can_be_read(home: Home) -> None:
    connection = connect(home.ledger, home.scratch)
    path = home.scratch / "it's.jsonl"
    path.write_text('{"a": 1}\n')
    found = connection.execute(f"SELECT a FROM read_json({literal(str(path))}, columns = {{'a': 'BIGINT'}})").fetchall()
    assert found == [(1,)]
    connection.close()


def test_files_are_private(home: Home) -> None:
    connection = connect(home.ledger, home.scratch)
    assert home.ledger.stat().st_mode & 0o077 == 0
    assert home.scratch.stat().st_mode & 0o077 == 0
    connection.close()


def test_another_process_that_has_the_file_is_named(home: Home) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home.ledger)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdin
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LedgerLocked, match=str(holder.pid)) as raised:
            connect(home.ledger, home.scratch)
        assert "snapshot" in raised.value.next_step
        holder.stdin.close()
    connect(home.ledger, home.scratch).close()


@pytest.mark.parametrize("content", [b"no database at all " * 1000, b""])
def test_a_file_that_is_no_ledger_is_damaged(home: Home, content: bytes) -> None:
    home.ledger.write_bytes(content)
    with pytest.raises(LedgerDamaged, match=r"ledger\.duckdb") as raised:
        connect(home.ledger, home.scratch)
    assert "rebuild" in raised.value.next_step


def test_a_file_with_flipped_bits_is_damaged(home: Home) -> None:
    connection = connect(home.ledger, home.scratch)
    connection.execute("CREATE TABLE t AS SELECT range AS i FROM range(100000)")
    connection.close()
    content = bytearray(home.ledger.read_bytes())
    for at in range(8192, 20_000):
        content[at] ^= 0x55
    home.ledger.write_bytes(content)
    with pytest.raises(LedgerDamaged):
        connect(home.ledger, home.scratch)


def test_a_file_that_may_not_be_opened_is_unavailable(home: Home) -> None:
    home.ledger.mkdir()
    with pytest.raises(LedgerUnavailable):
        connect(home.ledger, home.scratch)


def test_an_older_duckdb_can_read_what_this_one_writes(home: Home) -> None:
    """Storage versions before 2.0's begin with v1; the attached file states its own."""
    connection = connect(home.ledger, home.scratch)
    query = "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = 'ledger'"
    ((version,),) = connection.execute(query).fetchall()
    assert version.startswith("v1.")
    connection.close()


def test_a_name_with_a_quote_can_be_attached(home: Home) -> None:
    connection = connect(home.ledger, home.scratch)
    attach(connection, Path(home.scratch) / "o'clock.duckdb", "another")
    assert (home.scratch / "o'clock.duckdb").exists()
    connection.close()


def test_the_workers_keep_half_the_processors() -> None:
    assert 1 <= default_threads() <= 4
