"""Before a key is touched, operators are told whom it would hit."""

from gatewatch.actions.keys.affected import counted
from gatewatch.authority.actor import Actor
from tests.kit.acting import HOUR, RunningGateway, Stage
from tests.kit.journals import a_call, closing, segment


def called(stage: Stage, key_id: str, *, ago_us: int, n: int = 0, **fields: object) -> bytes:
    return closing(a_call(n, at_us=stage.clock.now - ago_us, key_id=key_id, **fields))


def test_callers_of_the_last_day_and_calls_in_flight_are_named(stage: Stage) -> None:
    key = stage.key("app", service="bot")
    segment(
        stage.home,
        called(stage, key["id"], ago_us=2 * HOUR, n=1, source="10.0.0.1", client="app/1", key_version=1),
        called(stage, key["id"], ago_us=1 * HOUR, n=2, source="10.0.0.2", client="app/1", key_version=1),
        called(stage, key["id"], ago_us=30 * HOUR, n=3, source="10.0.0.3", client="old/1", key_version=1),
    )
    stage.gateway = RunningGateway({key["id"]: 2}, {key["id"]: 1, "other": 9})
    (row,) = stage.do("keys.affected", keys=["app"])
    assert [caller["source"] for caller in row["day"]["callers"]] == ["10.0.0.2", "10.0.0.1"]
    assert row["in_flight"] == 3
    assert row["would_break"] == [
        "2 callers of the last 24 h would be refused",
        "3 calls in flight would be cut",
        "service bot has no other key",
        "team search has no other client key",
    ]


def test_a_key_that_nobody_uses_and_that_is_not_the_last_breaks_nothing(stage: Stage) -> None:
    stage.key("one")
    stage.key("two")
    (row,) = stage.do("keys.affected", keys=["one"])
    assert (row["would_break"], row["in_flight"], row["day"]["calls"]) == ([], None, 0)
    assert not stage.home.ledger.exists(), "no ledger is made just to be looked at"


def test_keys_that_go_together_do_not_stand_in_for_one_another(stage: Stage) -> None:
    for name in ("one", "two"):
        stage.key(name, service="bot")
    rows = stage.do("keys.affected", service="bot")
    assert [row["would_break"] for row in rows] == [
        ["service bot has no other key", "team search has no other client key"]
    ] * 2


def test_a_ledger_that_cannot_be_read_is_told_and_stands_in_nobodys_way(stage: Stage) -> None:
    stage.key("app")
    stage.home.ledger.write_bytes(b"no ledger at all" * 1000)
    (row,) = stage.do("keys.affected", keys=["app"])
    assert row["day"] is None
    assert row["day_unknown"]
    assert stage.do("keys.revoke", key="app")["state"] == "revoked"


def test_old_secrets_that_still_work_are_named(stage: Stage) -> None:
    stage.key("app")
    stage.do("keys.rotate", key="app", grace_us=HOUR)
    (row,) = stage.do("keys.affected", keys=["app"], deed="end_grace")
    assert [old["version"] for old in row["old"]] == [1]


def test_users_may_look(stage: Stage) -> None:
    stage.key("app")
    assert stage.do("keys.affected", Actor(id="uwe", role="user"), keys=["app"])


def test_counting_in_words() -> None:
    assert [counted(n, "call") for n in (0, 1, 2)] == ["0 calls", "1 call", "2 calls"]
