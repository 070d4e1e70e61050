"""Many keys at once: by team, age, owner; and never the one that the operator came with."""

import pytest

from gatewatch.authority.actor import Actor
from gatewatch.errors import GatewatchError, NotAllowed, NotFound, UsageError
from tests.kit.acting import DAY, Stage
from tests.kit.journals import a_call, closing, segment


def names(stage: Stage, actor: Actor | None = None, **meant: object) -> list[str]:
    return [row["name"] for row in stage.do("keys.affected", actor, **meant)]


def test_keys_are_meant_by_name_or_by_description_but_not_by_both_or_neither(stage: Stage) -> None:
    one = stage.key("one")
    stage.key("two", team="billing")
    assert names(stage, keys=[one["id"][:5], "one", "two"]) == ["one", "two"]
    assert names(stage, team="billing") == ["two"]
    for meant in ({}, {"keys": ["one"], "team": "billing"}):
        with pytest.raises(UsageError):
            names(stage, **meant)
    with pytest.raises(NotFound):
        names(stage, keys=["one", "nobody"])
    with pytest.raises(NotFound):
        names(stage, team="nobody")


def test_everything_that_is_said_must_fit(stage: Stage) -> None:
    stage.key("old", user="ada")
    stage.key("rotated", user="ada")
    stage.key("used", service="bot")
    stage.clock.now += 100 * DAY
    used = stage.store(lambda store: store.key("used"))
    stage.store(lambda store: store.record_use({used.id: stage.clock.now}))
    stage.do("keys.rotate", key="rotated")
    stage.key("new", project="ada")
    assert names(stage, older_than_us=90 * DAY) == ["old", "used"]
    assert names(stage, unused_for_us=30 * DAY) == ["old", "rotated"]
    assert names(stage, owner="ada") == ["old", "rotated", "new"]
    assert names(stage, owner="ada", older_than_us=90 * DAY) == ["old"]
    assert names(stage, service="bot") == ["used"]


def test_a_key_that_the_ledger_saw_used_is_not_unused_whatever_the_store_knows(stage: Stage) -> None:
    busy = stage.key("busy")
    idle = stage.key("idle")
    stage.clock.now += 200 * DAY
    segment(
        stage.home,
        closing(a_call(0, at_us=stage.clock.now - 2 * DAY, key_id=busy["id"])),
        closing(a_call(1, at_us=stage.clock.now - 91 * DAY, key_id=idle["id"])),
    )
    assert names(stage, unused_for_us=30 * DAY) == ["idle"]
    assert names(stage, unused_for_us=DAY) == ["busy", "idle"]
    assert [row["name"] for row in stage.do("keys.list", unused_us=30 * DAY)] == ["idle"]
    stage.home.ledger.write_bytes(b"damaged" * 1000)
    with pytest.raises(GatewatchError, match="which keys are unused is not known") as refused:
        names(stage, unused_for_us=30 * DAY)
    assert "name the keys" in refused.value.next_step
    assert names(stage, keys=["idle"]) == ["idle"], "a key that is named needs no ledger"


def test_what_has_ended_is_not_meant_by_a_description(stage: Stage) -> None:
    stage.key("gone")
    stage.key("short", ttl_us=DAY)
    stage.do("keys.revoke", key="gone")
    stage.clock.now += DAY
    assert names(stage, team="search") == []


def test_the_key_that_somebody_came_with_is_not_among_many(stage: Stage) -> None:
    own = stage.key("own", kind="admin")
    stage.key("other", kind="admin")
    stage.key("app")
    actor = Actor(id=f"key:{own['id']}", role="super-admin", key_id=own["id"])
    assert names(stage, actor, team="search") == ["other", "app"]
    assert names(stage, actor, team="search", kind="admin") == ["other"]


def test_admin_keys_are_left_out_for_those_who_may_not_touch_them(stage: Stage) -> None:
    stage.key("boss", kind="admin")
    stage.key("app")
    ada = Actor(id="ada", role="admin")
    assert names(stage, ada, team="search") == ["app"]
    with pytest.raises(NotAllowed):
        names(stage, ada, keys=["boss"])
