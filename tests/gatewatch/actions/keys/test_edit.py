"""Operators change what a key may do, and the trail says what it was before."""

import pytest

from gatewatch.authority.actor import Actor
from gatewatch.errors import NotAllowed, UsageError
from tests.kit.acting import DAY, Stage


def test_limits_end_name_and_owner_change_and_both_sides_stand_in_the_trail(stage: Stage) -> None:
    key = stage.key("app", max_uses=10, models=("gpt-4o",), user="ada")
    edited = stage.do(
        "keys.edit", key="app", name="app two", max_uses=20, models=None, user=None, service="bot", ttl_us=DAY
    )
    assert (edited["name"], edited["max_uses"], edited["models"]) == ("app two", 20, None)
    assert (edited["user"], edited["service"], edited["id"]) == (None, "bot", key["id"])
    entry = stage.store(lambda store: store.audit_entries(1)[0])
    assert entry.action == "key.edit"
    assert (entry.before["max_uses"], entry.after["max_uses"]) == (10, 20)
    assert (entry.before["models"], entry.after["models"]) == (["gpt-4o"], None)
    assert "environment" not in entry.after


@pytest.mark.parametrize("field", ["kind", "team", "environment", "role", "id"])
def test_what_a_key_is_never_changes(stage: Stage, field: str) -> None:
    stage.key("app")
    with pytest.raises(UsageError):
        stage.do("keys.edit", key="app", **{field: "admin"})


def test_nothing_to_change_and_what_does_not_fit_are_refused(stage: Stage) -> None:
    stage.key("app", user="ada")
    for fields in ({}, {"service": "bot"}, {"max_uses": 0}, {"networks": ["nowhere"]}, {"expires_at": 1}):
        with pytest.raises(UsageError):
            stage.do("keys.edit", key="app", **fields)
    stage.do("keys.revoke", key="app")
    with pytest.raises(NotAllowed, match="revoked"):
        stage.do("keys.edit", key="app", max_uses=5)


def test_nobody_gives_a_key_more_than_they_have(stage: Stage) -> None:
    own = stage.key("own", kind="admin", role="admin", all_teams=False, max_uses=100, models=("gpt-4o",))
    stage.key("app", max_uses=5, models=("gpt-4o",))
    actor = Actor(id=f"key:{own['id']}", role="admin", team="search", key_id=own["id"])
    assert stage.do("keys.edit", actor, key="app", max_uses=50)["max_uses"] == 50
    for fields in ({"max_uses": 101}, {"max_uses": None}, {"models": None}, {"models": ["gpt-4o", "o3"]}):
        with pytest.raises(NotAllowed):
            stage.do("keys.edit", actor, key="app", **fields)
    shown = stage.do("keys.show", key="app")
    assert (shown["max_uses"], shown["models"]) == (50, ["gpt-4o"])
