"""Operators change what a key may do, and the trail says what it was before."""

import pytest

from gatewatch.authority.actor import Actor
from gatewatch.errors import NotAllowed, UsageError
from gatewatch.timespan import iso
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
    for fields in (
        {},
        {"region": "eu-west-1"},
        {"data_class": "secret"},
        {"service": "bot"},
        {"max_uses": 0},
        {"networks": ["nowhere"]},
        {"expires_at": 1},
    ):
        with pytest.raises(UsageError):
            stage.do("keys.edit", key="app", **fields)
    stage.do("keys.revoke", key="app")
    with pytest.raises(NotAllowed, match="revoked"):
        stage.do("keys.edit", key="app", max_uses=5)


def test_nobody_gives_a_key_more_than_they_have(stage: Stage) -> None:
    end = stage.clock.now + 9 * DAY
    own = stage.key("own", kind="admin", role="admin", all_teams=False, expires_at=end, networks=("10.0.0.0/8",))
    stage.key("app", expires_at=end - DAY, networks=("10.1.0.0/16",))
    actor = Actor(id=f"key:{own['id']}", role="admin", team="search", key_id=own["id"])
    assert stage.do("keys.edit", actor, key="app", networks=["10.2.0.0/16"])["networks"] == ["10.2.0.0/16"]
    for fields in ({"expires_at": end + 1}, {"expires_at": None}, {"networks": None}, {"networks": ["192.0.2.0/24"]}):
        with pytest.raises(NotAllowed):
            stage.do("keys.edit", actor, key="app", **fields)
    shown = stage.do("keys.show", key="app")
    assert (shown["expires_at"], shown["networks"]) == (iso(end - DAY), ["10.2.0.0/16"])
