"""What the control store keeps is counted by reading alone, whatever there is of it."""

import sqlite3
from pathlib import Path

from gatewatch.control.retained import Retained, retained
from gatewatch.control.store import ControlStore

NOW = 1_795_168_800_000_000


def test_entries_are_counted_and_the_oldest_is_told(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    times = iter(range(NOW, NOW + 1000))
    with ControlStore.open(path, actor="ada", clock=lambda: next(times)) as store:
        for name in ("search", "ads", "legal"):
            store.create_team(name)
        found = {each.name: each for each in retained(path)}  # while it is open
    assert found["audit"].rows == 3
    assert NOW <= (found["audit"].oldest or 0) <= NOW + 1
    assert found["alerts"] == Retained("alerts", "30d after they are over", None, 0)
    assert found["configurations"] == Retained("configurations", "the last 500", None, 0)
    assert set(found) == {"audit", "grants", "alerts", "configurations", "counters"}


def test_what_is_not_there_is_left_out(tmp_path: Path) -> None:
    assert retained(tmp_path / "control.db") == []
    assert not (tmp_path / "control.db").exists()
    (tmp_path / "odd.db").write_bytes(b"no database" * 1000)
    assert retained(tmp_path / "odd.db") == []
    older = tmp_path / "a store #1?.db"
    made = sqlite3.connect(older)
    made.execute("CREATE TABLE audit (at INTEGER)")
    made.commit()
    made.close()
    assert retained(older) == [Retained("audit", "for ever", None, 0)]
