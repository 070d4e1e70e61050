"""What a vault keeps of rotations whose answer may have been lost."""

from gatewatch.actions.keys.redelivery import answer_of, forget_delivered
from tests.kit.acting import HOUR, Stage


def test_what_nobody_waits_for_is_forgotten_and_nothing_else(stage: Stage) -> None:
    key = stage.key()
    stage.do("keys.rotate", key="app", rotation_id="new")
    awaited = answer_of(key["id"], "new")
    vault = stage.vault()
    vault.set(answer_of("nobody00", "x"), "of a rotation that never came to be")
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


def test_a_delivered_secret_is_gone_from_the_vault_when_its_key_has_ended(stage: Stage) -> None:
    stage.key("stays", deliver="vault", vault_name="ci")
    stage.key("short", deliver="vault", vault_name="ci", ttl_us=HOUR)
    stage.key("revoked", deliver="vault", vault_name="ci")
    vault = stage.vault()
    kept = [name for name in vault.names() if name.endswith("-ci")]
    assert len(kept) == 3
    stage.do("keys.revoke", key="revoked")
    stage.clock.now += HOUR
    with stage.acting() as acting:
        assert forget_delivered(stage.home, acting.store, vault) == 2
        stays = acting.key("stays").id
    assert [name for name in vault.names() if name.endswith("-ci")] == [f"gatewatch/keys/{stays}-ci"]
