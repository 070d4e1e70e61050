"""What the vault tells of itself through an action: never a secret, and only to those who may see it."""

from pathlib import Path

import msgspec
import pytest

from gatewatch.actions.local import acting_on
from gatewatch.actions.perform import perform
from gatewatch.actions.vault import ShowVault
from gatewatch.authority.actor import Actor
from gatewatch.authority.permissions import RoleName
from gatewatch.control.store import ControlStore
from gatewatch.errors import NotAllowed
from gatewatch.paths import Home
from gatewatch.vault.opening import Wish, open_vault
from gatewatch.vault.pepper import get_or_create_pepper

CANARY = "sk-canary-4f1c9a7e2b8d6350"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home").make()
    with ControlStore.open(home.control) as store:
        vault = open_vault(home, store, Wish(kind="file"))
        get_or_create_pepper(home, store, vault)
        vault.set("openai", CANARY)
    return home


def show(home: Home, role: RoleName) -> dict[str, object]:
    actor = Actor(id="key:1", key_id="0" * 8, role=role)
    with acting_on(
        home,
        actor,
        open_vault=lambda store: open_vault(home, store),
        open_ledger=lambda: pytest.fail("no ledger is needed"),
        declared_teams=list,
    ) as acting:
        answer: dict[str, object] = perform(acting, "vault.show", msgspec.to_builtins(ShowVault()))
        return answer


def test_it_tells_what_it_is_why_and_the_names_of_providers_keys(home: Home) -> None:
    told = show(home, "super-admin")
    assert (told["backend"], told["keys"]) == ("file", ["openai"])
    assert str(home.vault_key) in str(told["reason"])
    assert CANARY not in str(told)


@pytest.mark.parametrize("role", ["none", "user", "admin"])
def test_nobody_else_is_told(home: Home, role: RoleName) -> None:
    with pytest.raises(NotAllowed):
        show(home, role)
