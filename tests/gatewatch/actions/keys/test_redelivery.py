"""What a vault keeps of rotations whose answer may have been lost."""

from gatewatch.actions.keys.redelivery import entry_of, forget_delivered
from tests.kit.acting import HOUR, Stage


def test_what_nobody_waits_for_is_forgotten_and_nothing_else(stage: Stage) -> None:
    key = stage.key()
    stage.do("keys.rotate", key="app", rotation_id="new")
    awaited = entry_of(key["id"], "new")
    vault = stage.vault()
    vault.set(entry_of("nobody00", "x"), "of a rotation that never came to be")
    vault.set("openai", "sk-of-a-provider")

    def forget() -> int:
        with stage.acting() as acting:
            return forget_delivered(stage.home, acting.store, vault)

    assert forget() == 1
    assert awaited in vault.names()
    stage.clock.now += HOUR
    assert forget() == 1
    assert awaited not in vault.names()
    assert vault.get("openai") == "sk-of-a-provider"
    assert "gatewatch/pepper" in vault.names()
    assert forget() == 0
