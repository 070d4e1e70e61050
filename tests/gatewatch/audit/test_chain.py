"""Every entry is chained as it is written, by whatever process; old ones are adopted once."""

import hashlib
import json
import sqlite3
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

from gatewatch.control.schema import _statements, connect
from gatewatch.control.store import ControlStore


def chain_by_hand(path: Path) -> list[str]:
    """The hashes that a trail must have, reckoned with sqlite3, json and hashlib alone."""
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    hashes, last = [], "0" * 64
    for row in connection.execute("SELECT * FROM audit ORDER BY seq"):
        entry: dict[str, Any] = {**row}
        text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        last = hashlib.sha256(last.encode() + text.encode()).hexdigest()
        hashes.append(last)
    connection.close()
    return hashes


def chain_in(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    hashes = [hash for (hash,) in connection.execute("SELECT hash FROM audit_chain ORDER BY seq")]
    connection.close()
    return hashes


def test_every_entry_is_chained_to_the_one_before_it(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    with ControlStore.open(path, actor="alice") as store:
        store.create_team("search")
        store.create_key("a", team="search", pepper=b"p" * 32, models=("gpt-4o", "é".encode().hex()))
        store.set_setting("a", "b")
    assert len(chain_in(path)) == 3
    assert chain_in(path) == chain_by_hand(path)


def test_a_change_that_fails_leaves_neither_entry_nor_link(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    with ControlStore.open(path, actor="alice") as store:
        store.create_team("search")
        try:
            with store.change():
                store.trail.add("key.create", "x")
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            pass
        store.create_team("sales")
    assert len(chain_in(path)) == 2
    assert chain_in(path) == chain_by_hand(path)


def test_writers_in_many_processes_keep_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    connect(path).close()
    program = (
        "import sys, pathlib\n"
        "from gatewatch.control.store import ControlStore\n"
        "with ControlStore.open(pathlib.Path(sys.argv[1])) as store:\n"
        "    for n in range(25): store.create_team(f'{sys.argv[2]}-{n}')\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", program, str(path), f"w{n}"]) for n in range(4)]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    assert len(chain_in(path)) == 100
    assert chain_in(path) == chain_by_hand(path)


def test_entries_from_before_the_chain_are_adopted_at_the_migration(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    old = sqlite3.connect(path, isolation_level=None)
    first = (files("gatewatch.control") / "migrations" / "0001_start.sql").read_text()
    for statement in _statements(first):
        old.execute(statement)
    for n in range(3):
        old.execute(
            "INSERT INTO audit (at, actor, action, target, after, result) VALUES (?, ?, 'team.create', ?, ?, 'ok')",
            (n, "cli:bob", f"team-{n}", '{"managed_by":"control"}'),
        )
    old.execute("PRAGMA application_id = 0x67776374")
    old.execute("PRAGMA user_version = 1")
    old.close()
    connect(path).close()
    assert len(chain_in(path)) == 3
    assert chain_in(path) == chain_by_hand(path)


def test_an_entry_that_was_put_in_by_hand_is_not_adopted(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    with ControlStore.open(path, actor="alice") as store:
        store.create_team("search")
        store.connection.execute(
            "INSERT INTO audit (at, actor, action, target, result) VALUES (1, 'x', 'team.create', 'y', 'ok')"
        )
    with ControlStore.open(path, actor="alice") as store:
        store.create_team("sales")
        chained = [seq for (seq,) in store.connection.execute("SELECT seq FROM audit_chain ORDER BY seq")]
    assert chained == [1, 3]
