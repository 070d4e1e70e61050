"""Roles as actions."""

import os
import pwd
from typing import Any

import msgspec
import pytest

from gatewatch.authority.actor import Actor
from gatewatch.errors import NotAllowed, UsageError
from tests.kit.acting import Stage

OWNER = pwd.getpwuid(os.getuid()).pw_name
ALICE = Actor(id="alice")


def test_a_role_is_set_told_and_taken_away(stage: Stage) -> None:
    made = stage.do("roles.set", ALICE, name="uwe", role="user")
    assert (made["login"], made["role"], made["before"], made["set_by"]) == ("uwe", "user", "super-admin", "alice")
    told = stage.do("roles.list", ALICE)
    assert [(row["login"], row["role"]) for row in told["logins"]] == [
        (OWNER, "super-admin"),
        ("uwe", "user"),
        ("*", "super-admin"),
    ]
    assert told["you"] == {"id": "alice", "role": "super-admin"}
    gone = stage.do("roles.set", ALICE, name="uwe", role=None)
    assert (gone["role"], gone["before"]) == ("super-admin", "user")


def test_what_each_role_may_is_told(stage: Stage) -> None:
    roles = {each["role"]: each for each in stage.do("roles.list")["roles"]}
    assert roles["none"]["permissions"] == []
    assert roles["user"]["number"] == 1
    assert "keys.rotate" in roles["admin"]["permissions"]
    assert "roles.set" not in roles["admin"]["permissions"]


def test_an_admin_looks_but_sets_nothing_and_the_try_is_in_the_trail(stage: Stage) -> None:
    uwe = Actor(id="uwe", role="admin")
    assert stage.do("roles.list", uwe)["you"]["role"] == "admin"
    with pytest.raises(NotAllowed, match=r"roles\.set"):
        stage.do("roles.set", uwe, name="uwe", role="super-admin")
    assert stage.deeds()[-1] == ("roles.set", "uwe", "denied")


def test_nobody_gives_more_than_they_are_nor_takes_from_who_is_more(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should another role ever be let to set roles."""
    from gatewatch.authority import actor as module
    from gatewatch.authority.permissions import PERMISSIONS, Permission

    wider = PERMISSIONS | {"admin": PERMISSIONS["admin"] | {Permission.ROLES_SET}}
    monkeypatch.setattr(module, "PERMISSIONS", wider)
    uwe = Actor(id="uwe", role="admin")
    stage.do("roles.set", ALICE, name="alice", role="super-admin")
    stage.do("roles.set", ALICE, name="*", role="user")
    for name, role in (("eve", "super-admin"), ("alice", "user"), ("alice", None)):
        with pytest.raises(NotAllowed, match="is more"):
            stage.do("roles.set", uwe, name=name, role=role)
    assert stage.do("roles.set", uwe, name="eve", role="admin")["role"] == "admin"


def test_before_and_after_stand_in_the_trail_with_who_did_it(stage: Stage) -> None:
    stage.do("roles.set", msgspec.structs.replace(ALICE, source="pid 7 as root"), name="uwe", role="user")
    entry = stage.store(lambda store: store.audit_entries(1))[0]
    assert (entry.action, entry.target, entry.before, entry.after) == (
        "role.set",
        "uwe",
        {"role": None},
        {"role": "user"},
    )
    assert (entry.actor, entry.role, entry.source) == ("alice", "super-admin", "pid 7 as root")


def test_a_role_that_there_is_not_is_a_usage_error(stage: Stage) -> None:
    with pytest.raises(UsageError):
        stage.do("roles.set", ALICE, name="uwe", role="king")
    with pytest.raises(UsageError):
        stage.do("roles.set", ALICE, name="uwe")


@pytest.mark.parametrize(
    ("limit", "why"),
    [
        ({"expires_at": 4_000_000_000_000_000}, "ends"),
        ({"networks": ("10.0.0.0/8",)}, "networks"),
        ({"region": "eu"}, "region"),
        ({"data_class": "internal"}, "data class"),
    ],
)
def test_a_key_that_ends_or_is_held_somewhere_leaves_no_role_behind(
    stage: Stage, limit: dict[str, Any], why: str
) -> None:
    key = stage.key("boss", kind="admin", role="super-admin", all_teams=True, **limit)
    with pytest.raises(NotAllowed, match=why):
        stage.do("roles.set", Actor(id=f"key:{key['id']}", key_id=key["id"]), name="eve", role="super-admin")
    assert stage.deeds()[-1] == ("roles.set", "eve", "denied")
    free = stage.key("free", kind="admin", role="super-admin", all_teams=True)
    stage.do("roles.set", Actor(id=f"key:{free['id']}", key_id=free["id"]), name="eve", role="user")
