"""A change happens with its audit entry or not at all."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.authority.actor import Actor
from gatewatch.control.records import Project
from gatewatch.control.schema import ControlStoreError, connect
from gatewatch.control.transactions import Transactions


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Transactions]:
    connection = connect(tmp_path / "control.db")
    yield Transactions(connection, Actor(id="alice"), lambda: 5)
    connection.close()


def test_a_change_that_fails_leaves_nothing_not_even_its_audit_entry(store: Transactions) -> None:
    with pytest.raises(ZeroDivisionError), store.change():  # noqa: PT012 - the change is the statement
        store.connection.execute("INSERT INTO settings VALUES ('a', 'b', 1)")
        store.trail.add("setting.set", "a")
        raise ZeroDivisionError
    assert store.connection.execute("SELECT * FROM settings").fetchall() == []
    assert store.trail.entries(10) == []
    with store.change():
        store.trail.add("setting.set", "b")
    assert [entry.target for entry in store.trail.entries(10)] == ["b"]


def test_a_broken_rule_of_the_store_undoes_the_change(store: Transactions) -> None:
    with pytest.raises(sqlite3.IntegrityError), store.change():  # noqa: PT012 - the change is the statement
        store.trail.add("project.create", "nobody/p")
        store.insert("projects", Project(team="nobody", name="p", created_at=1, created_by="alice"))
    assert store.trail.entries(10) == []
    assert not store.connection.in_transaction


def test_a_store_that_somebody_else_is_changing_is_a_clear_error(store: Transactions, tmp_path: Path) -> None:
    store.connection.execute("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(tmp_path / "control.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ControlStoreError, match="locked"), store.change():
        pytest.fail("it must not begin")
    other.close()
    with store.change():
        pass


def test_what_follows_is_done_by_whom_the_store_became(store: Transactions) -> None:
    with store.change():
        store.trail.add("a", "x")
    store.become(Actor(id="key:kid00001", role="admin"))
    assert store.actor.id == "key:kid00001"
    with store.change():
        store.trail.add("b", "x")
    assert [(entry.actor, entry.role) for entry in store.trail.entries(2)] == [
        ("key:kid00001", "admin"), ("alice", "super-admin"),
    ]  # fmt: skip
