"""A home of the first version becomes one of the second: the same keys under the same secrets, or nothing at all."""

import hashlib
import shutil
import signal
import sqlite3
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from gatewatch.control.key_table import KeyTable, Known, Refusal
from gatewatch.control.schema import APPLICATION_ID, ControlStoreError, connect
from gatewatch.control.store import ControlStore
from gatewatch.keys import token

PEPPER = bytes(range(32))
NOW = 1_790_000_000_000_000
OF_THE_FIRST = "(kid, name, kind, team, project, environment, digest, models, created_at, created_by, expires_at, "
OF_THE_FIRST += "revoked_at, revoked_by, last_used_at)"


def first_version(path: Path) -> dict[str, str]:
    """A store as the first version made it, with a key of every state; name → secret."""
    secrets: dict[str, str] = {}
    store = sqlite3.connect(path, isolation_level=None)
    store.execute("PRAGMA journal_mode = WAL")
    store.executescript((files("gatewatch.control") / "migrations" / "0001_start.sql").read_text())
    store.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    store.execute("PRAGMA user_version = 1")
    store.execute("INSERT INTO teams VALUES ('search', 1, 'cli:root', 'config')")
    store.execute("INSERT INTO projects VALUES ('search', 'ranker', 2, 'cli:root')")
    for name, kind, project, environment, models, expires, revoked in (
        ("plain", "client", None, "live", None, None, None),
        ("full", "client", "ranker", "test", '["gpt-4o","openai/x"]', NOW + 1000, None),
        ("expired", "client", None, "live", None, NOW - 1, None),
        ("revoked", "client", None, "live", None, None, NOW - 5),
        ("ops", "admin", None, "live", '["gpt-4o"]', None, None),
    ):
        secrets[name] = token.mint(kind, environment)  # type: ignore[arg-type]
        store.execute(
            f"INSERT INTO keys {OF_THE_FIRST} VALUES (?, ?, ?, 'search', ?, ?, ?, ?, 3, 'cli:root', ?, ?, ?, ?)",
            (
                *(token.parse(secrets[name]), name, kind, project, environment, token.digest(PEPPER, secrets[name])),
                *(models, expires, revoked, revoked and "cli:root", NOW - 10 if name == "plain" else None),
            ),
        )
    store.execute(
        "INSERT INTO audit (at, actor, action, target, after, result)"
        " VALUES (3, 'cli:root', 'key.create', 'x', '{}', 'ok')"
    )
    store.close()
    return secrets


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.db"


def test_keys_of_every_state_go_on_under_their_secrets(path: Path) -> None:
    secrets = first_version(path)
    with ControlStore.open(path, actor="alice", clock=lambda: NOW) as store:
        keys = {key.name: key for key in store.keys()}  # noqa: SIM118 - no dict
        assert {name: key.id for name, key in keys.items()} == {
            name: token.parse(text) for name, text in secrets.items()
        }
        assert {name: key.state(NOW) for name, key in keys.items()} == {
            "plain": "active", "full": "active", "expired": "expired", "revoked": "revoked", "ops": "active",
        }  # fmt: skip
        full = keys["full"]
        assert (full.project, full.environment, full.models, full.expires_at, full.created_at, full.created_by) == (
            "ranker", "test", ("gpt-4o", "openai/x"), NOW + 1000, 3, "cli:root",
        )  # fmt: skip
        assert (keys["ops"].kind, keys["ops"].role, keys["ops"].all_teams) == ("admin", "admin", False)
        assert keys["ops"].models is None, "admin keys make no calls"
        assert (full.role, full.all_teams, full.routes, full.max_uses) == (None, False, None, None)
        assert keys["plain"].last_used_at == NOW - 10
        assert (keys["revoked"].revoked_at, keys["revoked"].revoked_by) == (NOW - 5, "cli:root")
        assert [(each.kid, each.version, each.valid_until) for each in store.secrets(full.id)] == [(full.id, 1, None)]
        assert store.team("search").managed_by == "config"
        (entry,) = store.audit_entries()
        assert (entry.actor, entry.action, entry.role) == ("cli:root", "key.create", None)
        table = KeyTable(path, PEPPER, clock=lambda: NOW)
        found = {name: table.lookup(text) for name, text in secrets.items()}
        assert {name: each.reason for name, each in found.items() if isinstance(each, Refusal)} == {
            "expired": "expired", "revoked": "revoked",
        }  # fmt: skip
        assert all(
            each == Known(keys[name], keys[name].id, 1) for name, each in found.items() if isinstance(each, Known)
        )
        new = store.rotate_key("full", pepper=PEPPER, grace_us=500).secret
        assert new is not None
        table.refresh_if_stale(10.0)
        assert isinstance(table.lookup(secrets["full"]), Known)
        assert isinstance(table.lookup(new), Known)
        table.close()
        assert store.connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert store.connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


OPENER = """
import pathlib, sys
from gatewatch.control.store import ControlStore
print("ready", flush=True)
sys.stdin.readline()
with ControlStore.open(pathlib.Path(sys.argv[1])) as store:
    print(len(store.keys()), store.connection.execute("PRAGMA user_version").fetchone()[0], flush=True)
"""


def test_of_many_processes_that_open_it_at_once_one_brings_it_up_to_date(path: Path) -> None:
    first_version(path)
    openers = [
        subprocess.Popen(
            [sys.executable, "-c", OPENER, str(path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(5)
    ]  # fmt: skip
    for opener in openers:
        assert opener.stdout
        assert opener.stdout.readline() == "ready\n"
    for opener in openers:
        assert opener.stdin
        opener.stdin.write("go\n")
        opener.stdin.flush()
    assert [opener.communicate(timeout=60) for opener in openers] == [("5 4\n", "")] * 5


def content(path: Path) -> tuple[int, str]:
    store = sqlite3.connect(path)
    try:
        (version,) = store.execute("PRAGMA user_version").fetchone()
        return version, hashlib.sha256("\n".join(store.iterdump()).encode()).hexdigest()
    finally:
        store.close()


DYING = """
import os, pathlib, signal, sqlite3, sys
from gatewatch.control import schema
left = int(sys.argv[2])
class Dying(sqlite3.Connection):
    def execute(self, statement, *args):
        global left
        left -= self.in_transaction
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().execute(statement, *args)
connect = sqlite3.connect
sqlite3.connect = lambda path, **options: connect(path, factory=Dying, **options)
schema.connect(pathlib.Path(sys.argv[1])).close()
"""


@pytest.mark.slow
def test_a_crash_at_any_step_leaves_the_first_version_whole(path: Path, tmp_path: Path) -> None:
    secrets = first_version(path)
    whole = content(path)
    assert whole[0] == 1
    steps = range(2, 200, 5)  # the migration has more statements than the highest
    for step in steps:
        copy = tmp_path / f"{step}" / "control.db"
        copy.parent.mkdir()
        shutil.copy(path, copy)
        died = subprocess.run([sys.executable, "-c", DYING, str(copy), str(step)], check=False, timeout=60)
        if died.returncode == 0:
            assert step > 20, "it ended before it had begun"
            break
        assert died.returncode == -signal.SIGKILL
        assert content(copy) == whole
        with ControlStore.open(copy) as store:
            assert len(store.keys()) == len(secrets)
    assert died.returncode == 0


def test_a_migration_that_fails_midway_leaves_the_first_version_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_version(path)
    whole = content(path)
    from gatewatch.control import schema

    scripts = schema._migrations()
    monkeypatch.setattr(schema, "_migrations", lambda: [scripts[0], scripts[1] + "INSERT INTO nowhere VALUES (1);\n"])
    with pytest.raises(ControlStoreError, match="nowhere"):
        connect(path)
    assert content(path) == whole
