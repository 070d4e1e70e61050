"""Keys in the control store are edited, imported and recognised."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.control.key_changes import EDITABLE, Used
from gatewatch.control.records import KeyRecord
from gatewatch.control.store import ControlStore
from gatewatch.errors import NotAllowed, UsageError

PEPPER = bytes(32)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ControlStore]:
    with ControlStore.open(tmp_path / "control.db", actor="ada") as opened:
        yield opened


@pytest.fixture
def key(store: ControlStore) -> KeyRecord:
    record, _ = store.create_key("app", team="search", create_team=True, pepper=PEPPER, max_uses=5, models=("a",))
    return record


def test_an_edit_is_seen_by_workers_and_noted_with_both_sides(store: ControlStore, key: KeyRecord) -> None:
    before = store.generation()
    edited = store.edit_key(key.id, {"max_uses": 6, "models": ["b"], "project": "ranker"})
    assert store.generation() > before
    assert store.key(key.id) == edited
    assert (edited.max_uses, edited.models, edited.project) == (6, ("b",), "ranker")
    entry = store.audit_entries(1)[0]
    assert (entry.before, entry.after) == (
        {"max_uses": 5, "models": ["a"], "project": None},
        {"max_uses": 6, "models": ["b"], "project": "ranker"},
    )


def test_an_edit_that_changes_nothing_is_none(store: ControlStore, key: KeyRecord) -> None:
    entries, generation = store.audit_entries(), store.generation()
    assert store.edit_key(key.id, {"max_uses": 5}) == key
    assert (store.audit_entries(), store.generation()) == (entries, generation)


def test_what_it_would_be_can_be_refused_and_then_nothing_has_changed(store: ControlStore, key: KeyRecord) -> None:
    def no(would_be: KeyRecord) -> None:
        raise NotAllowed(f"{would_be.max_uses} is too much")

    with pytest.raises(NotAllowed, match="7 is too much"):
        store.edit_key(key.id, {"max_uses": 7, "service": "bot"}, no)
    assert store.key(key.id) == key
    assert store.services() == []


def test_whom_calls_are_charged_to_never_changes(store: ControlStore, key: KeyRecord) -> None:
    assert not set(EDITABLE) & {"id", "kind", "team", "environment", "role", "all_teams", "revoked_at", "created_by"}
    for field in ("team", "kind", "environment", "nonsense; DROP TABLE"):
        with pytest.raises(UsageError, match="cannot be changed"):
            store.edit_key(key.id, {field: "x"})


def test_an_imported_key_keeps_its_id_and_has_no_secret_yet(store: ControlStore, key: KeyRecord) -> None:
    made = store.import_key("carried1", create_team=False, name="x", team="search", kind="client",
                            project=None, environment="live", models=None)  # fmt: skip
    assert store.key("carried1") == made
    assert store.secrets("carried1") == []
    assert store.rotate_key("carried1", pepper=PEPPER, grace_us=0).current.version == 1
    for taken in ("carried1", key.id, "../../..", "short", "toolong00"):
        with pytest.raises(UsageError):
            store.import_key(taken, create_team=False, name="x", team="search", kind="client",
                             project=None, environment="live", models=None)  # fmt: skip


def test_a_rotation_is_found_by_its_id(store: ControlStore, key: KeyRecord) -> None:
    rotated = store.rotate_key(key.id, pepper=PEPPER, grace_us=0, rotation_id="r1")
    assert store.rotation(key.id, "r1") == rotated.current
    assert store.rotation(key.id, "r2") is None
    assert store.rotation("nobody00", "r1") is None


def test_only_the_very_secret_is_recognised(store: ControlStore) -> None:
    record, secret = store.create_key("app", team="search", create_team=True, pepper=PEPPER)
    assert store.is_secret(record.id, secret, PEPPER)
    assert not store.is_secret(record.id, secret[:-1], PEPPER)
    assert not store.is_secret(record.id, secret, bytes(31) + b"x")
    assert not store.is_secret("nobody00", secret, PEPPER)


def test_what_a_key_has_used_and_holds(store: ControlStore, key: KeyRecord) -> None:
    assert store.used(key.id) == Used()
    store.connection.execute("INSERT INTO key_allowances VALUES (?, 1, 2, 3, 20, 40)", (key.id,))
    assert store.used(key.id) == Used(1, 2, 3, 20, 40)
    store.connection.execute("INSERT INTO key_networks VALUES (?, '10.0.0.0/24', 7)", (key.id,))
    assert store.networks_used(key.id) == [("10.0.0.0/24", 7)]
