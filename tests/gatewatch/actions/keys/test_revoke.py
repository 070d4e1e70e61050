"""Operators end keys."""

import pytest

from gatewatch.authority.actor import Actor
from gatewatch.errors import NotAllowed, NotFound
from tests.kit.acting import Stage


def test_a_key_ends_for_good_and_once(stage: Stage) -> None:
    stage.key()
    revoked = stage.do("keys.revoke", key="app")
    assert (revoked["state"], revoked["revoked_by"]) == ("revoked", "root")
    assert stage.do("keys.revoke", key="app") == revoked
    assert [deed[0] for deed in stage.deeds()].count("key.revoke") == 1


def test_neither_vault_nor_ledger_stands_in_its_way(stage: Stage) -> None:
    stage.key()
    stage.home.vault_key.unlink()
    stage.home.ledger.write_bytes(b"damaged")
    from gatewatch.actions.acting import Acting
    from gatewatch.actions.perform import perform
    from gatewatch.control.store import ControlStore

    def broken() -> None:
        raise AssertionError("not opened")

    with ControlStore.open(stage.home.control, actor="root") as store:
        acting = Acting(stage.home, store, open_vault=broken, open_ledger=broken, declared_teams=tuple)  # type: ignore[arg-type]
        assert perform(acting, "keys.revoke", {"key": "app"})["state"] == "revoked"


def test_a_team_reaches_its_own_keys_only(stage: Stage) -> None:
    stage.key("app")
    other = Actor(id="key:x", role="admin", team="billing")
    with pytest.raises(NotFound):
        stage.do("keys.revoke", other, key="app")
    with pytest.raises(NotAllowed):
        stage.do("keys.revoke", Actor(id="uwe", role="user"), key="app")
    assert stage.do("keys.show", key="app")["state"] == "active"
