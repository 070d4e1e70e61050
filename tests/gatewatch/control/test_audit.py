"""The audit trail only grows, and tells what was done with it."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.authority.actor import Actor
from gatewatch.control.audit import AuditTrail, Wanted
from gatewatch.control.schema import connect
from gatewatch.control.store import ControlStore

ALICE = Actor(id="alice", role="admin", source="cli as root", request_id="req-1")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path / "control.db")
    yield connection
    connection.close()


def test_entries_come_back_newest_first_with_both_sides(connection: sqlite3.Connection) -> None:
    trail = AuditTrail(connection, ALICE, lambda: 1_700_000_000_000_000)
    trail.add("team.create", "search")
    trail.add("key.revoke", "kid00001", before={"revoked_at": None}, after={"revoked_at": 5}, result="refused")
    newest, oldest = trail.entries(10)
    assert (oldest.seq, oldest.actor, oldest.action, oldest.target) == (1, "alice", "team.create", "search")
    assert (oldest.role, oldest.source, oldest.request_id) == ("admin", "cli as root", "req-1")
    assert (oldest.at, oldest.before, oldest.after, oldest.result) == (1_700_000_000_000_000, None, None, "ok")
    assert (newest.before, newest.after, newest.result) == ({"revoked_at": None}, {"revoked_at": 5}, "refused")
    assert [entry.seq for entry in trail.entries(1)] == [2]
    assert [entry.seq for entry in trail.entries(10, before=2)] == [1]


@pytest.mark.parametrize("table", ["audit", "audit_chain", "audit_seals"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET seq = 7", "DELETE FROM {}"])
def test_an_entry_and_its_proof_are_neither_changed_nor_cut(
    connection: sqlite3.Connection, table: str, statement: str
) -> None:
    AuditTrail(connection, ALICE, lambda: 1).add("team.create", "search")
    connection.execute("INSERT INTO audit_seals VALUES (1, 'seal', 'key')")
    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        connection.execute(statement.format(table))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), [1, 2, 3, 4]),
        (Wanted(action="key.*"), [2, 3]),
        (Wanted(action="key.revoke"), [3]),
        (Wanted(action="%"), []),
        (Wanted(actor="bob"), [3, 4]),
        (Wanted(target="sea*"), [1]),
        (Wanted(result="denied"), [4]),
        (Wanted(since=200, until=400), [2, 3]),
        (Wanted(since=200, actor="bob", action="key.*"), [3]),
    ],
)
def test_entries_are_found_by_what_they_say(connection: sqlite3.Connection, wanted: Wanted, found: list[int]) -> None:
    times = iter([100, 200, 300, 400])
    trail = AuditTrail(connection, ALICE, lambda: next(times))
    trail.add("team.create", "search")
    trail.add("key.create", "kid00001")
    trail.actor = Actor(id="bob")
    trail.add("key.revoke", "kid00001")
    trail.add("price.set", "openai/gpt-4o", result="denied")
    assert sorted(entry.seq for entry in trail.entries(10, wanted)) == found


def test_who_belongs_to_one_team_sees_its_things_and_own_deeds_only(tmp_path: Path) -> None:
    with ControlStore.open(tmp_path / "control.db", actor="root") as store:
        store.create_team("search")
        store.create_project("search", "index")
        key, _ = store.create_key("a", team="search", pepper=b"p" * 32)
        store.create_team("sales")
        store.create_key("b", team="sales", pepper=b"p" * 32, service="bot")
        store.become(Actor(id="key:lead0001", team="search"))
        store.audit("price.set", "openai/gpt-4o", result="denied")
        seen = {(entry.action, entry.target) for entry in store.trail.entries(100, team="search")}
        assert seen == {
            ("team.create", "search"),
            ("project.create", "search/index"),
            ("key.create", key.id),
            ("price.set", "openai/gpt-4o"),
        }


def test_an_entry_that_somebody_damaged_is_still_shown(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO audit (at, actor, action, target, after, result) VALUES (1, 'x', 'key.create', 'y', '{oh', 'ok')"
    )
    (entry,) = AuditTrail(connection, ALICE, lambda: 1).entries(10)
    assert entry.after == {"unreadable": "{oh"}
