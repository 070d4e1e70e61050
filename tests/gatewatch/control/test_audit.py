"""The audit trail only grows, and tells what was done with it."""

import sqlite3
from pathlib import Path

import pytest

from gatewatch.control.audit import AuditTrail
from gatewatch.control.schema import connect


def test_entries_come_back_newest_first_with_both_sides(tmp_path: Path) -> None:
    connection = connect(tmp_path / "control.db")
    trail = AuditTrail(connection, "cli:alice", lambda: 1_700_000_000_000_000)
    trail.add("team.create", "search")
    trail.add("key.revoke", "kid00001", before={"revoked_at": None}, after={"revoked_at": 5}, result="refused")
    newest, oldest = trail.entries(10)
    assert (oldest.seq, oldest.actor, oldest.action, oldest.target) == (1, "cli:alice", "team.create", "search")
    assert (oldest.at, oldest.before, oldest.after, oldest.result) == (1_700_000_000_000_000, None, None, "ok")
    assert (newest.before, newest.after, newest.result) == ({"revoked_at": None}, {"revoked_at": 5}, "refused")
    assert [entry.seq for entry in trail.entries(1)] == [2]
    connection.close()


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'me'", "DELETE FROM audit"])
def test_an_entry_is_neither_changed_nor_cut(tmp_path: Path, statement: str) -> None:
    connection = connect(tmp_path / "control.db")
    AuditTrail(connection, "cli:alice", lambda: 1).add("team.create", "search")
    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        connection.execute(statement)
    connection.close()
