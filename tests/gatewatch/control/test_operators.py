"""Roles of login users, and that nobody locks out the last super-admin."""

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.authority.actor import Actor
from gatewatch.control.operators import EVERYBODY
from gatewatch.control.store import ControlStore
from gatewatch.errors import NotAllowed, NotFound, UsageError

OWNER = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ControlStore]:
    with ControlStore.open(tmp_path / "control.db", actor=Actor(id="alice"), clock=lambda: 17) as opened:
        yield opened


def test_where_nothing_is_set_everybody_who_gets_here_is_a_super_admin(store: ControlStore) -> None:
    assert store.role_of("alice") == "super-admin"
    assert store.operators() == []


def test_a_name_counts_before_everybody_else(store: ControlStore) -> None:
    store.set_role("alice", "super-admin")
    store.set_role(EVERYBODY, "user")
    store.set_role("uwe", "admin")
    assert [store.role_of(name) for name in ("alice", "uwe", "eve")] == ["super-admin", "admin", "user"]
    store.unset_role("uwe")
    assert store.role_of("uwe") == "user"
    assert [(each.name, each.role, each.set_at, each.set_by) for each in store.operators()] == [
        (EVERYBODY, "user", 17, "alice"),
        ("alice", "super-admin", 17, "alice"),
    ]


def test_the_account_that_owns_the_home_stays_a_super_admin(store: ControlStore) -> None:
    assert store.owner() == OWNER
    with pytest.raises(NotAllowed, match="owns this home"):
        store.set_role(OWNER, "user")
    store.connection.execute("INSERT INTO operators VALUES (?, 'none', 0, 'by hand')", (OWNER,))
    store.connection.execute("INSERT INTO operators VALUES ('*', 'none', 0, 'by hand')")
    assert store.role_of(OWNER) == "super-admin"
    assert store.role_of("alice") == "none"


def test_the_last_super_admin_is_not_locked_out(store: ControlStore) -> None:
    with pytest.raises(NotAllowed, match="no login user would be a super-admin") as refused:
        store.set_role(EVERYBODY, "user")
    assert "roles set alice super-admin" in refused.value.next_step
    store.set_role("alice", "super-admin")
    store.set_role(EVERYBODY, "user")
    for deed in (lambda: store.set_role("alice", "admin"), lambda: store.unset_role("alice")):
        with pytest.raises(NotAllowed, match="no login user"):
            deed()
    assert store.role_of("alice") == "super-admin"
    store.set_role("uwe", "super-admin")
    store.unset_role("alice")
    assert store.role_of("alice") == "user"


def test_what_was_refused_has_changed_nothing_and_what_was_changed_is_in_the_trail(store: ControlStore) -> None:
    with pytest.raises(NotAllowed):
        store.set_role(EVERYBODY, "none")
    assert store.operators() == []
    store.set_role("uwe", "user")
    store.set_role("uwe", "admin")
    store.unset_role("uwe")
    assert [(each.action, each.target, each.before, each.after) for each in reversed(store.audit_entries())] == [
        ("role.set", "uwe", {"role": None}, {"role": "user"}),
        ("role.set", "uwe", {"role": "user"}, {"role": "admin"}),
        ("role.unset", "uwe", {"role": "admin"}, {"role": None}),
    ]


def test_whoever_owns_the_home_may_rule_alone(store: ControlStore) -> None:
    store.become(Actor(id=OWNER))
    store.set_role(EVERYBODY, "none")
    assert store.role_of("alice") == "none"


def test_names_are_names_and_what_is_not_set_is_not_unset(store: ControlStore) -> None:
    with pytest.raises(UsageError):
        store.set_role("a\nb", "user")
    with pytest.raises(NotFound):
        store.unset_role("uwe")
