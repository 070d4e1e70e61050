"""Teams, projects and services: one name for one thing, whatever the case of its letters."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.control.store import ControlStore
from gatewatch.errors import NotFound, UsageError

PEPPER = bytes(32)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ControlStore]:
    with ControlStore.open(tmp_path / "control.db", actor="alice", clock=lambda: 1_790_000_000_000_000) as opened:
        opened.create_team("search")
        opened.create_team("billing")
        yield opened


def test_a_project_belongs_to_a_team_and_another_team_may_have_one_of_the_same_name(store: ControlStore) -> None:
    store.create_project("search", "ranker")
    store.create_project("billing", "ranker")
    assert [(project.team, project.name) for project in store.projects()] == [
        ("billing", "ranker"), ("search", "ranker"),
    ]  # fmt: skip
    with pytest.raises(UsageError, match="'ranker' already"):
        store.create_project("search", "RANKER")
    with pytest.raises(NotFound):
        store.create_project("nobody", "ranker")


def test_a_service_is_made_with_its_first_key_and_is_that_teams_for_good(store: ControlStore) -> None:
    store.create_key("one", team="search", service="indexer", pepper=PEPPER)
    store.create_key("two", team="search", service="indexer", pepper=PEPPER)
    assert [(service.name, service.team) for service in store.services()] == [("indexer", "search")]
    assert store.services("billing") == []
    with pytest.raises(UsageError, match="belongs to team 'search'"):
        store.create_key("three", team="billing", service="indexer", pepper=PEPPER)
    for team in ("search", "billing"):
        with pytest.raises(UsageError, match="'indexer' already"):
            store.create_key("three", team=team, service="Indexer", pepper=PEPPER)
    with pytest.raises(sqlite3.IntegrityError, match="for good"):
        store.connection.execute("UPDATE services SET team = 'billing'")
    assert len(store.keys()) == 2


def test_a_key_of_another_teams_service_is_refused_by_the_store_itself(store: ControlStore) -> None:
    store.create_key("one", team="search", service="indexer", pepper=PEPPER)
    key, _ = store.create_key("two", team="billing", pepper=PEPPER)
    with pytest.raises(sqlite3.IntegrityError):
        store.connection.execute("UPDATE virtual_keys SET service = 'indexer' WHERE id = ?", (key.id,))


def test_a_key_is_a_persons_or_a_services(store: ControlStore) -> None:
    with pytest.raises(UsageError, match="not both"):
        store.create_key("app", team="search", user="ada", service="indexer", pepper=PEPPER)
    assert store.services() == []
    key, _ = store.create_key("app", team="search", user="ada@example.com", pepper=PEPPER)
    assert (key.user, key.service) == ("ada@example.com", None)
    with pytest.raises(sqlite3.IntegrityError):
        store.connection.execute("UPDATE virtual_keys SET service = 'indexer'")
