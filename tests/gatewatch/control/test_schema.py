"""control.db as a file: private, WAL, migrated once, never a stranger's."""

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gatewatch.control.schema import APPLICATION_ID, ControlStoreError, connect


def test_a_new_store_is_this_users_alone_also_under_a_wide_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        connection = connect(tmp_path / "control.db")
        connection.execute("INSERT INTO settings VALUES ('a', 'b', 1)")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"control.db": 0o600, "control.db-wal": 0o600, "control.db-shm": 0o600}
    connection.close()


def test_a_store_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    connect(path).close()
    path.chmod(0o644)
    connect(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_store_is_durable_and_checks_its_references(tmp_path: Path) -> None:
    connection = connect(tmp_path / "control.db")
    pragma = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    }
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO projects VALUES ('nobody', 'p', 1, 'me')")
    connection.close()


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    connect(path).close()
    connection = connect(path)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert connection.execute("SELECT n FROM generation").fetchall() == [(1,)]
    connection.close()


def test_many_processes_that_open_a_new_store_at_once_all_get_the_same_one(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from gatewatch.control.schema import connect\n"
        "sys.stdout.write('ready\\n'); sys.stdout.flush(); sys.stdin.readline()\n"
        "connection = connect(pathlib.Path(sys.argv[1]))\n"
        "generation = connection.execute('SELECT n FROM generation').fetchall()\n"
        "print(generation, connection.execute('PRAGMA user_version').fetchone())\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "control.db")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(6)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate() for process in processes]
    assert answers == [("[(1,)] (4,)\n", "")] * 6


def test_a_store_of_a_newer_program_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    connection = connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ControlStoreError, match="newer Gatewatch"):
        connect(path)
    assert path.read_bytes() == before


def test_another_programs_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(ControlStoreError, match="not a control store"):
        connect(path)
    assert path.read_bytes() == before


def test_garbage_is_refused_with_a_next_step(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    path.write_bytes(b"this is no database at all, but long enough to be looked at" * 20)
    with pytest.raises(ControlStoreError) as refused:
        connect(path)
    assert "backup" in refused.value.next_step


def test_a_folder_that_does_not_exist_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ControlStoreError, match="No such file"):
        connect(tmp_path / "nowhere" / "control.db")


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "gatewatch.control.schema._migrations", lambda: ["CREATE TABLE a (x);\nINSERT INTO nowhere VALUES (1);\n"]
    )
    path = tmp_path / "control.db"
    with pytest.raises(ControlStoreError, match="nowhere"):
        connect(path)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    assert connection.execute("PRAGMA user_version").fetchone() == (0,)
    connection.close()
