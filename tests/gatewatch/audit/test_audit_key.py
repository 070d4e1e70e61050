"""The audit key is made once; a trail is never quietly sealed with another one."""

import pytest

from gatewatch.audit.audit_key import NAME, find_audit_key, get_or_create_audit_key
from gatewatch.audit.verify import verify_store
from gatewatch.control.store import ControlStore
from gatewatch.vault.interface import VaultError
from gatewatch.vault.own_entries import NEEDED
from gatewatch.vault.pepper import get_or_create_pepper
from tests.kit.audit_stage import MemoryVault, Stage


def test_a_key_of_32_random_bytes_is_made_once(stage: Stage) -> None:
    stage.write(1)
    stage.seal()
    first = stage.key
    stage.write(1)
    stage.seal()
    assert stage.key == first
    assert len(first.secret) == 32
    assert first.secret.hex() == stage.vault.entries[NAME]
    assert NAME in NEEDED


def test_it_has_nothing_to_do_with_the_pepper(stage: Stage) -> None:
    with ControlStore.open(stage.home.control) as store:
        pepper = get_or_create_pepper(stage.home, store, stage.vault)
    stage.seal()
    assert stage.key.secret != pepper


def test_a_vault_that_lost_the_key_is_an_error_and_no_reason_for_a_new_one(stage: Stage) -> None:
    stage.write(1)
    stage.seal()
    for entry in [*stage.vault.entries]:
        del stage.vault.entries[entry]
    with ControlStore.open(stage.home.control) as store, pytest.raises(VaultError, match="sealed with"):
        get_or_create_audit_key(store.connection, stage.vault)
    assert stage.vault.entries == {}


def test_a_damaged_key_is_an_error_that_does_not_show_it() -> None:
    vault = MemoryVault()
    vault.set(NAME, "half a secret")
    with pytest.raises(VaultError) as damaged:
        find_audit_key(vault)
    assert "half" not in str(damaged.value)


def test_behind_a_vault_that_was_given_up_a_new_key_goes_on_and_nothing_is_called_forged(stage: Stage) -> None:
    stage.write(5)
    stage.seal()
    old = stage.key.id
    stage.vault.entries.clear()
    with ControlStore.open(stage.home.control, actor="alice") as store:
        store.audit("vault.abandon", "file")
    stage.write(3, begin=6)
    stage.seal()
    assert stage.key.id != old
    assert stage.kept.first == 6
    verdict = verify_store(stage.home.control, stage.key, stage.kept)
    assert (verdict.ok, verdict.sealed_elsewhere, verdict.sealed) == (True, 5, 4)
    with stage.tampering() as connection:
        connection.execute("UPDATE audit SET actor = 'm' WHERE seq = 2")
    broken = verify_store(stage.home.control, stage.key, stage.kept).broken
    assert broken is not None
    assert broken.seq == 2
