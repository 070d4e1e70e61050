"""Where new secrets go."""

from contextlib import suppress

import pytest

from gatewatch.actions.keys.delivery import check_delivery, forget_replaced, kept
from gatewatch.errors import UsageError
from gatewatch.vault.file_vault import FileVault
from gatewatch.vault.interface import VaultError
from gatewatch.vault.references import SecretError, resolve
from tests.kit.acting import Stage


def test_a_secret_is_in_the_vault_before_it_is_good_for_anything_and_out_where_that_fails(stage: Stage) -> None:
    with stage.acting() as acting:
        vault = acting.open_vault()
        with kept(acting, "fine", "secret-1"):
            assert vault.get("fine") == "secret-1"
        assert vault.get("fine") == "secret-1"
        with suppress(ValueError), kept(acting, "failed", "secret-2"):
            raise ValueError
        assert vault.get("failed") is None
        with suppress(ValueError), kept(acting, "fine", "secret-3"):
            raise ValueError
        assert vault.get("fine") == "secret-1", "what was there before is there again"


def test_no_reference_of_the_configuration_can_mean_what_was_delivered(stage: Stage) -> None:
    """Who may make keys, and no more, chooses nothing that a provider is sent."""
    stage.vault().set("openai", "sk-of-a-provider")
    made = stage.key("ci", deliver="vault", vault_name="openai")
    assert resolve("vault:openai", stage.vault()) == "sk-of-a-provider"
    assert made["vault"] == f"gatewatch/keys/{made['id']}-openai"
    for reference in (made["vault"], made["vault"].removeprefix("gatewatch/"), f"{made['id']}-openai"):
        with pytest.raises(SecretError):
            resolve(f"vault:{reference}", stage.vault())


def test_older_secrets_of_a_key_are_forgotten_and_a_vault_that_fails_is_told(
    stage: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = stage.vault()
    for name in ("Ab3dEf9x-a", "Ab3dEf9x-b", "Ab3dEf9y-a"):
        vault.set(f"gatewatch/keys/{name}", "secret")

    def fail(self: FileVault, name: str) -> None:
        raise VaultError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(FileVault, "delete", fail)
        forget_replaced(vault, "Ab3dEf9x", None)
    assert "key Ab3dEf9x is still in the vault: the disk is full" in caplog.text
    forget_replaced(vault, "Ab3dEf9x", "gatewatch/keys/Ab3dEf9x-b")
    assert [name for name in vault.names() if "keys/" in name] == [
        "gatewatch/keys/Ab3dEf9x-b",
        "gatewatch/keys/Ab3dEf9y-a",
    ]


def test_a_place_must_go_with_the_way(stage: Stage) -> None:
    with stage.acting() as acting:
        for deliver, name in (("vault", None), ("answer", "somewhere"), ("vault", "gatewatch/pepper")):
            with pytest.raises(UsageError):
                check_delivery(acting, deliver, name)  # type: ignore[arg-type]
        check_delivery(acting, "vault", "ci")
        check_delivery(acting, "answer", None)
