"""What grows in the control store is counted, with its oldest."""

from pathlib import Path

from gatewatch.control.retained import retained
from gatewatch.control.store import ControlStore


def test_entries_of_the_trail_are_counted_since_the_first(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    with ControlStore.open(path, clock=lambda: 5) as store:
        for n in range(27):
            store.create_team(f"team-{n}")
    rows = {each.name: each for each in retained(path)}
    assert (rows["audit"].rows, rows["audit"].oldest) == (27, 5)
    assert (rows["alerts"].rows, rows["alerts"].oldest) == (0, None)
    assert {name: each.kept for name, each in rows.items()} == {
        "audit": "for ever", "grants": "for ever", "alerts": "30d once they are over",
        "configurations": "the last 500", "counters": "the last one",
    }  # fmt: skip


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert retained(tmp_path / "control.db") == []
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "control.db").write_bytes(b"nothing of a database" * 500)
    assert retained(tmp_path / "control.db") == []
