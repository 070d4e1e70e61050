"""The control process forgets secrets of rotations that nobody waits for any more."""

import asyncio
from pathlib import Path

import pytest

from gatewatch.actions.keys.redelivery import answer_of
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from gatewatch.vault.interface import VaultError
from gatewatch.vault.opening import Wish, open_vault
from proxy.control.sealed_answers import keep_forgetting
from tests.kit.waiting import until


async def test_a_secret_is_forgotten_once_its_first_use_is_known(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").make()
    with ControlStore.open(home.control) as store:
        vault = open_vault(home, store, Wish(kind="file"))
        key, _ = store.create_key("app", team="search", create_team=True, pepper=bytes(32))
        rotated = store.rotate_key(key.id, pepper=bytes(32), grace_us=60_000_000, rotation_id="r1")
        vault.set(answer_of(key.id, "r1"), "the secret")
        vault.set("openai", "sk-of-a-provider")
        vault.set(answer_of("nobody00", "r1"), "of a rotation that never came to be")
        sweeping = asyncio.create_task(keep_forgetting(home, vault, seconds=0.05))
        try:
            await until(vault.names, lambda names: answer_of("nobody00", "r1") not in names)
            assert vault.get(answer_of(key.id, "r1")) == "the secret", "nobody has used it yet"
            store.record_use({rotated.current.kid: store.clock()})
            await until(vault.names, lambda names: answer_of(key.id, "r1") not in names)
            assert vault.get("openai") == "sk-of-a-provider"
        finally:
            sweeping.cancel()


async def test_a_vault_that_fails_is_told_and_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    home = Home(tmp_path / "home").make()

    class Locked:
        asked = 0

        def names(self) -> list[str]:
            self.asked += 1
            raise VaultError("the keyring is locked")

    vault = Locked()
    sweeping = asyncio.create_task(keep_forgetting(home, vault, seconds=0.01))  # type: ignore[arg-type]
    try:
        await until(lambda: vault.asked, lambda asked: asked >= 2)
    finally:
        sweeping.cancel()
    assert "the keyring is locked" in caplog.text
