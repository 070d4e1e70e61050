"""Operators find the keys that somebody should look at."""

from typing import Any

from gatewatch.authority.actor import Actor
from tests.kit.acting import DAY, HOUR, Stage
from tests.kit.paused import pause


def names(stage: Stage, **asked: object) -> list[str]:
    return [row["name"] for row in stage.do("keys.list", **asked)]


def marks(stage: Stage) -> dict[str, Any]:
    return {row["name"]: row["marks"] for row in stage.do("keys.list")}


def test_keys_that_expire_soon_are_unused_or_have_old_secrets_are_marked(stage: Stage) -> None:
    stage.key("idle")
    stage.clock.now += 31 * DAY
    stage.key("ends", ttl_us=6 * DAY)
    stage.key("rotated")
    stage.do("keys.rotate", key="rotated", grace_us=HOUR)
    stage.key("fine")
    assert marks(stage) == {"idle": ["unused"], "ends": ["expiring"], "rotated": ["old secret"], "fine": []}
    assert names(stage, expiring_us=7 * DAY) == ["ends"]
    assert names(stage, expiring_us=DAY) == []
    assert names(stage, unused_us=30 * DAY) == ["idle"]
    assert names(stage, old_secrets=True) == ["rotated"]
    stage.clock.now += HOUR
    assert names(stage, old_secrets=True) == []


def test_a_list_is_narrowed_by_state_kind_owner_and_team(stage: Stage) -> None:
    stage.key("gone")
    stage.do("keys.revoke", key="gone")
    stage.key("short", ttl_us=HOUR)
    stage.key("boss", kind="admin", user="ada")
    stage.key("bill", team="billing", project="ada")
    stage.clock.now += HOUR
    assert names(stage, state="revoked") == ["gone"]
    assert names(stage, state="expired") == ["short"]
    assert names(stage, state="active") == ["boss", "bill"]
    assert names(stage, kind="admin") == ["boss"]
    assert names(stage, owner="ada") == ["boss", "bill"]
    assert names(stage, team="billing") == ["bill"]
    assert names(stage, state="active", team="search") == ["boss"]
    assert marks(stage)["gone"] == [], "nobody needs to look at what has ended"


def test_a_team_sees_its_own_keys_only(stage: Stage) -> None:
    stage.key("app")
    stage.key("bill", team="billing")
    rows = stage.do("keys.list", Actor(id="key:x", role="user", team="billing"))
    assert [row["name"] for row in rows] == ["bill"]


def test_what_an_admin_key_may_do_stands_beside_it(stage: Stage) -> None:
    stage.key("lead", kind="admin")
    stage.key("boss", kind="admin", role="super-admin")
    assert marks(stage) == {"lead": ["admin"], "boss": ["super-admin", "all teams"]}


def test_a_paused_key_is_in_a_state_of_its_own(stage: Stage) -> None:
    key, other = stage.key("app"), stage.key("other")
    stage.store(lambda store: pause(store, key["id"]))
    assert {row["name"]: row["state"] for row in stage.do("keys.list")} == {"app": "paused", "other": "active"}
    assert names(stage, state="paused") == ["app"]
    assert names(stage, state="active") == ["other"]
    assert other["state"] == "active"
