"""Operators look at one key."""

from tests.kit.acting import DAY, HOUR, MINUTE, RunningGateway, Stage
from tests.kit.journals import a_call, closing, segment


def test_who_still_uses_the_old_secret_is_told(stage: Stage) -> None:
    key = stage.key("app")
    before = closing(a_call(1, at_us=stage.clock.now, key_id=key["id"], key_version=1, source="10.0.0.1"))
    stage.clock.now += MINUTE
    stage.do("keys.rotate", key="app", grace_us=HOUR)
    after = [
        closing(
            a_call(2, at_us=stage.clock.now + 5, key_id=key["id"], key_version=1, source="10.0.0.2", client="cron/1")
        ),
        closing(a_call(3, at_us=stage.clock.now + 6, key_id=key["id"], key_version=2, source="10.0.0.3")),
    ]
    segment(stage.home, before, *after)
    stage.clock.now += MINUTE
    shown = stage.do("keys.show", key="app")
    (caller,) = shown["old_in_use"]
    assert (caller["source"], caller["client"], caller["key_version"], caller["calls"]) == ("10.0.0.2", "cron/1", 1, 1)
    assert [(secret["version"], secret["state"]) for secret in shown["secrets"]] == [(1, "grace"), (2, "current")]
    assert shown["days30"]["calls"] == 3
    assert shown["last_used_at"] == shown["secrets"][1]["last_used_at"] == shown["days30"]["last_used"]
    assert shown["secrets"][0]["last_used_at"] < shown["secrets"][1]["last_used_at"]


def test_spend_models_networks_and_limits_are_told(stage: Stage) -> None:
    key = stage.key("app", max_tokens=1000, max_picos=2 * 10**12)
    segment(stage.home, closing(a_call(1, at_us=stage.clock.now - 40 * DAY, key_id=key["id"])),
            closing(a_call(2, at_us=stage.clock.now - DAY * 2, key_id=key["id"], cost_picos=10**11)))  # fmt: skip

    def note(store: object) -> None:
        execute = store.connection.execute  # type: ignore[attr-defined]
        execute("INSERT INTO key_allowances VALUES (?, 3, 400, 1500000000000, 50, 250000000000)", (key["id"],))

    stage.store(note)
    stage.gateway = RunningGateway({key["id"]: 1})
    shown = stage.do("keys.show", key="app")
    assert shown["used"] == {"uses": 3, "tokens": 400, "usd": "1.5", "held_tokens": 50, "held_usd": "0.25"}
    assert (shown["days30"]["calls"], shown["days30"]["cost_usd"], shown["days30"]["models"]) == (1, "0.1", ["gpt-4o"])
    assert shown["day"]["calls"] == 0
    assert shown["in_flight"] == 1
    assert shown["networks_seen"] == []
    assert shown["would_break"] == ["1 call in flight would be cut", "team search has no other client key"]


def test_of_a_key_without_caps_nothing_is_counted(stage: Stage) -> None:
    stage.key("app")
    assert stage.do("keys.show", key="app")["used"]["uses"] is None
