"""Operators rotate keys, and ask again where the answer was lost."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from gatewatch.control.key_table import KeyTable, Known
from gatewatch.errors import NotAllowed, UsageError
from gatewatch.keys import token
from gatewatch.vault.file_vault import FileVault
from gatewatch.vault.interface import VaultReadOnly
from tests.kit.acting import HOUR, MINUTE, Stage


def works(stage: Stage, secret: str) -> bool:
    """As a worker sees it."""
    with stage.acting() as acting:
        pepper = acting.pepper()
    table = KeyTable(stage.home.control, pepper, clock=stage.clock)
    try:
        return isinstance(table.lookup(secret), Known)
    finally:
        table.close()


def test_litellm_27193_and_35797_the_old_secret_works_until_its_grace_is_over(stage: Stage) -> None:
    made = stage.key()
    rotated = stage.do("keys.rotate", key="app", grace_us=10 * MINUTE)
    assert rotated["id"] == made["id"]
    assert rotated["secret"] != made["secret"]
    assert [old["version"] for old in rotated["old"]] == [1]
    assert works(stage, made["secret"])
    assert works(stage, rotated["secret"])
    stage.clock.now += 10 * MINUTE
    assert not works(stage, made["secret"])
    assert works(stage, rotated["secret"])


def test_without_a_grace_the_old_secret_ends_at_once(stage: Stage) -> None:
    made = stage.key()
    rotated = stage.do("keys.rotate", key="app", grace_us=0)
    assert not works(stage, made["secret"])
    assert rotated["old"] == []
    with pytest.raises(UsageError):
        stage.do("keys.rotate", key="app", grace_us=-1)


def test_litellm_31079_a_rotation_gives_back_nothing_of_what_was_used(stage: Stage) -> None:
    made = stage.key(max_uses=5)
    stage.store(
        lambda store: store.connection.execute("INSERT INTO key_allowances VALUES (?, 4, 900, 7, 0, 0)", (made["id"],))
    )
    stage.do("keys.rotate", key="app")
    shown = stage.do("keys.show", key="app")
    assert (shown["used"]["uses"], shown["used"]["tokens"], shown["max_uses"]) == (4, 900, 5)
    assert [secret["version"] for secret in shown["secrets"]] == [1, 2]


def test_litellm_38351_a_lost_answer_is_asked_for_again_and_is_the_same(stage: Stage) -> None:
    stage.key()
    first = stage.do("keys.rotate", key="app", rotation_id="deploy-7")
    again = stage.do("keys.rotate", key="app", rotation_id="deploy-7")
    assert (first["repeated"], again["repeated"]) == (False, True)
    assert again["secret"] == first["secret"]
    assert again["version"] == first["version"] == 2
    told = [deed for deed in stage.deeds() if deed[0] == "key.rotate"]
    assert len(told) == 2, "that the secret was told once more stands in the trail"
    assert stage.do("keys.rotate", key="app", rotation_id="deploy-8")["version"] == 3


def test_it_is_told_no_more_once_it_was_used(stage: Stage) -> None:
    stage.key()
    first = stage.do("keys.rotate", key="app", rotation_id="r1")
    kid = token.parse(first["secret"])
    stage.store(lambda store: store.record_use({kid: stage.clock.now}))
    again = stage.do("keys.rotate", key="app", rotation_id="r1")
    assert (again["secret"], again["version"], again["repeated"]) == (None, 2, True)
    assert not [name for name in stage.vault().names() if "rotation" in name]


def test_it_is_told_no_more_after_an_hour_nor_of_a_revoked_key(stage: Stage) -> None:
    stage.key("slow")
    stage.key("gone")
    for name in ("slow", "gone"):
        stage.do("keys.rotate", key=name, rotation_id="r1")
    stage.do("keys.revoke", key="gone")
    assert stage.do("keys.rotate", key="gone", rotation_id="r1")["secret"] is None
    assert stage.do("keys.rotate", key="slow", rotation_id="r1")["secret"] is not None
    stage.clock.now += HOUR
    assert stage.do("keys.rotate", key="slow", rotation_id="r1")["secret"] is None


def test_two_that_ask_at_once_with_one_id_get_one_rotation_and_one_secret(stage: Stage) -> None:
    made = stage.key()
    start = threading.Barrier(4)

    def ask() -> tuple[str, int]:
        start.wait()
        rotated = stage.do("keys.rotate", key="app", rotation_id="race")
        return rotated["secret"], rotated["version"]

    with ThreadPoolExecutor(4) as pool:
        answers = {future.result() for future in [pool.submit(ask) for _ in range(4)]}
    assert len(answers) == 1
    (secret, version) = answers.pop()
    assert version == 2
    assert works(stage, secret)
    assert len(stage.store(lambda store: store.secrets(made["id"]))) == 2


def test_a_secret_for_the_vault_is_told_nobody_also_when_asked_again(stage: Stage) -> None:
    stage.key()
    for _ in range(2):
        rotated = stage.do("keys.rotate", key="app", rotation_id="r1", deliver="vault", vault_name="app-2")
        assert (rotated["secret"], rotated["version"]) == (None, 2)
    kept = stage.vault().get(rotated["vault"])
    assert kept is not None
    assert works(stage, kept)
    assert stage.do("keys.rotate", key="app", rotation_id="r1")["secret"] is None
    with pytest.raises(UsageError, match="kept nowhere"):
        stage.do("keys.rotate", key="app", rotation_id="r1", deliver="vault", vault_name="elsewhere")
    with pytest.raises(UsageError):
        stage.do("keys.rotate", key="app", rotation_id="r2", deliver="vault", vault_name="pr/ovider")


def test_the_vault_keeps_the_current_secret_at_one_place_and_no_older_one(stage: Stage) -> None:
    made = stage.key(deliver="vault", vault_name="ci")
    first = stage.vault().get(made["vault"])
    rotated = stage.do("keys.rotate", key="app", deliver="vault", vault_name="ci")
    assert rotated["vault"] == made["vault"]
    second = stage.vault().get(made["vault"])
    assert second not in (None, first)
    with pytest.raises(UsageError):
        stage.do("keys.rotate", key="app", grace_us=-1, deliver="vault", vault_name="ci")
    assert stage.vault().get(made["vault"]) == second, "a rotation that fails changes nothing there"
    moved = stage.do("keys.rotate", key="app", deliver="vault", vault_name="elsewhere")
    assert (stage.vault().get(made["vault"]), stage.vault().get(moved["vault"]) is None) == (None, False)
    stage.do("keys.rotate", key="app")
    assert not [name for name in stage.vault().names() if "keys/" in name]


def test_an_answer_that_was_lost_can_still_go_into_the_vault(stage: Stage) -> None:
    stage.key()
    lost = stage.do("keys.rotate", key="app", rotation_id="r1")
    again = stage.do("keys.rotate", key="app", rotation_id="r1", deliver="vault", vault_name="app-2")
    assert again["secret"] is None
    assert stage.vault().get(again["vault"]) == lost["secret"]


def test_a_vault_that_cannot_be_written_keeps_no_key_from_being_rotated_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.key()

    def refuse(self: FileVault, name: str, secret: str) -> None:
        raise VaultReadOnly("the vault is the environment of this process", "")

    monkeypatch.setattr(FileVault, "set", refuse)
    first = stage.do("keys.rotate", key="app", rotation_id="r1")
    assert works(stage, first["secret"])
    again = stage.do("keys.rotate", key="app", rotation_id="r1")
    assert (again["secret"], again["version"], again["repeated"]) == (None, 2, True)


def test_what_has_ended_is_not_rotated_and_leaves_nothing_in_the_vault(stage: Stage) -> None:
    stage.key()
    stage.do("keys.revoke", key="app")
    with pytest.raises(NotAllowed, match="revoked"):
        stage.do("keys.rotate", key="app", rotation_id="late")
    assert not [name for name in stage.vault().names() if "rotation" in name]


def test_the_grace_can_be_ended_before_its_time(stage: Stage) -> None:
    made = stage.key()
    rotated = stage.do("keys.rotate", key="app", grace_us=HOUR)
    assert stage.do("keys.end_grace", key="app")["ended"] == [1]
    assert not works(stage, made["secret"])
    assert works(stage, rotated["secret"])
    assert stage.do("keys.end_grace", key="app")["ended"] == []
