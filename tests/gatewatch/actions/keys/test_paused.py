"""Who looks at a key sees that an alert has paused it, and with which words that is ended."""

from tests.kit.acting import Stage
from tests.kit.paused import pause


def test_a_paused_key_says_by_what_since_when_and_how_it_is_resumed(stage: Stage) -> None:
    key = stage.key("app")
    stage.store(lambda store: pause(store, key["id"]))
    alert = f"drain|key/{key['id']}"
    for shown in (stage.do("keys.show", key="app"), stage.do("keys.list")[0]):
        assert shown["state"] == "paused"
        assert shown["paused_by"] == [
            {
                "alert": alert,
                "since": "1970-01-01T00:00:01.000000Z",
                "lift": f"gatewatch alerts ack '{alert}' --resume",
            }
        ]
    stage.do("alerts.ack", name=alert, resume=True)
    shown = stage.do("keys.show", key="app")
    assert (shown["state"], shown["paused_by"]) == ("active", [])


def test_a_revoked_key_is_revoked_first_of_all(stage: Stage) -> None:
    key = stage.key("app")
    stage.store(lambda store: pause(store, key["id"]))
    stage.do("keys.revoke", key="app")
    assert stage.do("keys.show", key="app")["state"] == "revoked"
