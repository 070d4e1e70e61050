"""What operators can rely on when they make teams and keys."""

import os
import pwd
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.control.schema import ControlStoreError
from gatewatch.control.store import ControlStore
from gatewatch.errors import NotFound, UsageError
from gatewatch.keys import token

PEPPER = bytes(range(32))
NOW = 1_790_000_000_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ControlStore]:
    with ControlStore.open(tmp_path / "control.db", actor="cli:alice", clock=lambda: NOW) as opened:
        yield opened


def test_a_team_is_made_once_whatever_the_case_of_its_letters(store: ControlStore) -> None:
    team = store.create_team("search")
    assert (team.name, team.created_at, team.created_by, team.managed_by) == ("search", NOW, "cli:alice", "control")
    for again in ("search", "Search"):
        with pytest.raises(UsageError, match="'search' already"):
            store.create_team(again)
    assert store.teams() == [team]


def test_no_team_exists_in_a_new_store_not_even_default(store: ControlStore) -> None:
    assert store.teams() == []
    with pytest.raises(NotFound) as refused:
        store.create_key("app", team="default", pepper=PEPPER)
    assert "gatewatch teams create" in refused.value.next_step
    assert refused.value.exit_code == 3
    assert store.keys() == []


def test_a_key_is_told_once_and_kept_as_a_digest_only(store: ControlStore, tmp_path: Path) -> None:
    store.create_team("search")
    record, secret = store.create_key("app", team="search", pepper=PEPPER)
    assert (record.name, record.team, record.project, record.kind, record.environment) == (
        "app", "search", None, "client", "live",
    )  # fmt: skip
    assert (record.created_at, record.created_by, record.expires_at, record.models) == (NOW, "cli:alice", None, None)
    assert token.parse(secret) == record.id
    with sqlite3.connect(tmp_path / "control.db") as reader:
        assert reader.execute("SELECT digest FROM key_secrets").fetchall() == [(token.digest(PEPPER, secret),)]
    reader.close()
    for path in tmp_path.iterdir():
        assert secret.encode() not in path.read_bytes()
        assert secret[20:63].encode() not in path.read_bytes()


def test_everything_that_a_key_was_given_is_read_back(store: ControlStore) -> None:
    record, secret = store.create_key(
        "ops", team="search", project="ranker", environment="test", models=("gpt-4o", "openai/x"),
        expires_at=NOW + 1, create_team=True, pepper=PEPPER,
    )  # fmt: skip
    assert secret.startswith("gwk_sk_test_")
    assert store.keys() == [record]
    assert store.key(record.id) == record
    assert (record.project, record.kind, record.environment, record.models, record.expires_at) == (
        "ranker", "client", "test", ("gpt-4o", "openai/x"), NOW + 1,
    )  # fmt: skip
    assert [project.name for project in store.projects("search")] == ["ranker"]
    assert store.projects("other") == []


def test_a_project_is_made_with_its_first_key_and_kept_for_the_next(store: ControlStore) -> None:
    for name in ("one", "two"):
        store.create_key(name, team="search", project="ranker", create_team=True, pepper=PEPPER)
    assert [(project.team, project.name) for project in store.projects()] == [("search", "ranker")]
    with pytest.raises(UsageError, match="'ranker' already"):
        store.create_project("search", "Ranker")
    with pytest.raises(UsageError, match="'ranker' already"):
        store.create_key("three", team="search", project="RANKER", pepper=PEPPER)


def test_a_key_that_cannot_be_made_leaves_no_team_behind(store: ControlStore) -> None:
    with pytest.raises(UsageError):
        store.create_key("app", team="search", project="no/slash", create_team=True, pepper=PEPPER)
    with pytest.raises(UsageError):
        store.create_key("app", team="search", models=(), create_team=True, pepper=PEPPER)
    with pytest.raises(UsageError, match="expired already"):
        store.create_key("app", team="search", expires_at=NOW, create_team=True, pepper=PEPPER)
    assert store.teams() == []
    assert store.audit_entries() == []


def test_a_team_of_another_case_is_not_taken_for_the_same(store: ControlStore) -> None:
    store.create_team("search")
    with pytest.raises(NotFound):
        store.create_key("app", team="Search", pepper=PEPPER)
    with pytest.raises(UsageError, match="'search' already"):
        store.create_key("app", team="Search", create_team=True, pepper=PEPPER)


def test_a_key_is_found_by_id_name_start_of_id_and_by_itself(store: ControlStore) -> None:
    record, secret = store.create_key("app", team="search", create_team=True, pepper=PEPPER)
    for reference in (record.id, "app", record.id[:3], secret):
        assert store.key(reference) == record
    for reference in (record.id[:2], "ap", "", "%", "' OR 1=1 --"):
        with pytest.raises(NotFound):
            store.key(reference)


def test_a_name_that_two_keys_have_is_answered_with_their_ids(store: ControlStore) -> None:
    first, _ = store.create_key("app", team="search", create_team=True, pepper=PEPPER)
    second, _ = store.create_key("app", team="search", pepper=PEPPER)
    with pytest.raises(UsageError) as refused:
        store.key("app")
    assert f"{first.id} (active)" in refused.value.title
    assert f"{second.id} (active)" in refused.value.title


def test_a_secret_in_place_of_an_id_is_not_repeated(store: ControlStore) -> None:
    _, secret = store.create_key("app", team="search", create_team=True, pepper=PEPPER)
    for reference in (token.mint("client", "live"), secret[:-1], secret + "x", "sk-" + "q" * 40):
        with pytest.raises(NotFound) as refused:
            store.key(reference)
        assert reference[12:40] not in str(refused.value)


def test_a_revoked_key_stays_revoked_as_it_was_first(store: ControlStore) -> None:
    record, _ = store.create_key("app", team="search", create_team=True, pepper=PEPPER)
    revoked = store.revoke_key("app")
    assert (revoked.id, revoked.revoked_at, revoked.revoked_by) == (record.id, NOW, "cli:alice")
    store.clock = lambda: NOW + 1
    assert store.revoke_key(record.id) == revoked
    assert store.key(record.id) == revoked
    assert [entry.action for entry in store.audit_entries()].count("key.revoke") == 1


def test_the_generation_rises_with_keys_and_teams_and_not_with_use(store: ControlStore, tmp_path: Path) -> None:
    seen = [store.generation()]

    def rises() -> bool:
        seen.append(store.generation())
        return seen[-1] > seen[-2]

    store.create_team("search")
    assert rises()
    record, _ = store.create_key("app", team="search", pepper=PEPPER)
    assert rises()
    store.record_use({record.id: NOW, "nobody00": NOW})
    store.set_setting("a", "b")
    assert not rises()
    store.revoke_key(record.id)
    assert rises()
    store.declare_team("search")
    assert rises()
    with sqlite3.connect(tmp_path / "control.db") as by_hand:
        by_hand.execute("UPDATE virtual_keys SET models = '[\"gpt-4o\"]'")
    by_hand.close()
    assert rises()


def test_the_last_use_only_moves_forward(store: ControlStore) -> None:
    record, _ = store.create_key("app", team="search", create_team=True, pepper=PEPPER)
    store.record_use({record.id: NOW})
    store.record_use({record.id: NOW - 5})
    assert store.key("app").last_used_at == NOW


def test_a_team_that_the_configuration_declares_is_marked_as_its_own(store: ControlStore) -> None:
    store.create_team("search")
    assert store.declare_team("search").managed_by == "config"
    assert store.declare_team("billing").managed_by == "config"
    entries = len(store.audit_entries())
    store.declare_team("search")
    assert len(store.audit_entries()) == entries
    assert {team.name: team.managed_by for team in store.teams()} == {"billing": "config", "search": "config"}


def test_every_change_is_in_the_audit_trail_with_its_actor(store: ControlStore) -> None:
    record, secret = store.create_key("app", team="search", project="p", create_team=True, pepper=PEPPER)
    store.revoke_key("app")
    store.note_provider_key("openai")
    store.set_setting("vault", "file")
    store.audit("console.attach", "tcp", result="refused", source="10.0.0.1")
    told = [(entry.action, entry.target, entry.result) for entry in reversed(store.audit_entries())]
    assert told == [
        ("team.create", "search", "ok"),
        ("project.create", "search/p", "ok"),
        ("key.create", record.id, "ok"),
        ("key.revoke", record.id, "ok"),
        ("provider_key.set", "openai", "ok"),
        ("setting.set", "vault", "ok"),
        ("console.attach", "tcp", "refused"),
    ]
    assert {entry.actor for entry in store.audit_entries()} == {"cli:alice"}
    assert secret not in repr(store.audit_entries())


def test_the_actor_is_the_account_whatever_the_environment_claims(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("LOGNAME", "USER", "USERNAME", "SUDO_USER"):
        monkeypatch.setenv(variable, "somebody-else")
    login = int(Path("/proc/self/loginuid").read_text())
    account = pwd.getpwuid(os.getuid() if login == 0xFFFFFFFF else login).pw_name
    with ControlStore.open(tmp_path / "control.db") as store:
        assert store.create_team("search").created_by == account


def test_setting_a_provider_key_again_is_told_by_its_version(store: ControlStore) -> None:
    assert store.note_provider_key("openai").version == 1
    assert store.note_provider_key("openai").version == 2
    (note,) = store.provider_keys()
    assert (note.name, note.version, note.set_at, note.set_by) == ("openai", 2, NOW, "cli:alice")


def test_a_setting_is_none_until_it_is_set(store: ControlStore) -> None:
    assert store.setting("vault") is None
    store.set_setting("vault", "file")
    store.set_setting("vault", "keyring")
    assert store.setting("vault") == "keyring"


def test_what_one_process_writes_another_reads_at_once(store: ControlStore, tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from gatewatch.control.store import ControlStore\n"
        "with ControlStore.open(pathlib.Path(sys.argv[1])) as store:\n"
        "    store.create_key('app', team='search', create_team=True, pepper=bytes(32))\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "control.db")], check=True)
    assert store.key("app").team == "search"


def test_a_store_that_another_writer_holds_is_a_clear_error_and_no_half_change(
    store: ControlStore, tmp_path: Path
) -> None:
    store.connection.execute("PRAGMA busy_timeout = 1")
    holder = sqlite3.connect(tmp_path / "control.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(ControlStoreError, match="locked"):
        store.create_team("search")
    assert store.teams() == []
    holder.execute("ROLLBACK")
    holder.close()
    store.create_team("search")
