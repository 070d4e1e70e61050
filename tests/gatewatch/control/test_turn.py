"""Who waits for the control store's lock gets it when it is free, or an error when the time is over."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.control.turn import begin


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.db"


@pytest.fixture
def ours(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE t (n)")
    yield connection
    connection.close()


@pytest.fixture
def others(ours: sqlite3.Connection, path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    yield connection
    connection.close()


def test_it_waits_until_the_other_has_ended(ours: sqlite3.Connection, others: sqlite3.Connection) -> None:
    others.execute("BEGIN IMMEDIATE")
    others.execute("INSERT INTO t VALUES (1)")
    timer = threading.Timer(0.05, others.execute, ("COMMIT",))
    timer.start()
    begin(ours, 30)
    assert ours.execute("SELECT n FROM t").fetchall() == [(1,)]
    ours.execute("INSERT INTO t VALUES (2)")
    ours.execute("COMMIT")
    timer.join()


def test_it_gives_up_when_its_time_is_over(ours: sqlite3.Connection, others: sqlite3.Connection) -> None:
    others.execute("BEGIN IMMEDIATE")
    for seconds in (-1, 0, 0.02):
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            begin(ours, seconds)
    assert not ours.in_transaction


def test_it_waits_for_a_lock_and_for_nothing_else(ours: sqlite3.Connection) -> None:
    begin(ours, 30)
    with pytest.raises(sqlite3.OperationalError, match="within a transaction"):
        begin(ours, 1_000)
