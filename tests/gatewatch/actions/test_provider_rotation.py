"""Rotations of providers' keys as actions: who may, what is answered, and that no secret comes back."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatewatch.actions.local import acting_on
from gatewatch.actions.perform import perform
from gatewatch.actions.provider_rotation import RotateProviderKey
from gatewatch.authority.actor import Actor
from gatewatch.control.provider_rotations import Detail, ProviderRotations, Rotation
from gatewatch.control.store import ControlStore
from gatewatch.control.transactions import Transactions
from gatewatch.errors import NotAllowed, NotFound, UsageError
from gatewatch.paths import Home
from gatewatch.rotation.rotator import Outlook, Wish

SECRET = "canary-of-a-new-key-0123456789"


class Rotator:
    """One that only notes what it is asked for."""

    def __init__(self) -> None:
        self.wishes: list[Wish] = []

    def outlook(self, store: Transactions, provider: str, key: str | None) -> Outlook:
        return Outlook(
            provider=provider,
            key="vault:openai",
            entry="openai",
            version=3,
            set_at=1_790_000_000_000_000,
            mints=True,
            ends=True,
            by_hand="by hand",
            drain_us=1,
            shared_with=("other",),
        )

    def begin(self, store: Transactions, wish: Wish) -> Rotation:
        self.wishes.append(wish)
        return ProviderRotations(store).begin(wish.provider, "vault:openai", "openai", Detail(drain_us=5))

    def resume(self, store: Transactions, id: str, *, keep_old: bool) -> Rotation:
        return ProviderRotations(store).reopen(id, keep_old=keep_old)

    def cancel(self, store: Transactions, id: str) -> Rotation:
        return ProviderRotations(store).cancel(id)

    def abandon(self, store: Transactions, id: str) -> Rotation:
        return ProviderRotations(store).abandon(id, "a key")


class Desk:
    """Somebody who performs actions on a home."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder / "home").make()
        self.rotator = Rotator()

    def do(self, deed: str, /, *, role: Any = "super-admin", **asked: object) -> Any:
        with acting_on(
            self.home,
            Actor(id="key:1", key_id="0" * 8, role=role),
            open_vault=lambda _: pytest.fail("no vault is needed"),
            open_ledger=lambda: pytest.fail("no ledger is needed"),
            declared_teams=list,
            rotator=lambda _: self.rotator,
            recognised=True,
        ) as acting:
            return perform(acting, deed, asked)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_rotation_is_begun_as_it_was_asked_for_and_tells_no_secret(desk: Desk) -> None:
    begun = desk.do("providers.rotate_key", name="openai", secret=SECRET, keep_old=True, drain_us=7)
    assert desk.rotator.wishes == [Wish("openai", None, SECRET, keep_old=True, drain_us=7)]
    assert (begun["state"], begun["step"], begun["provider"]) == ("running", "begun", "openai")
    assert begun["started_at"].endswith("Z")
    assert SECRET not in str(begun)
    assert SECRET not in repr(desk.rotator.wishes)
    assert SECRET not in repr(RotateProviderKey(name="a", secret=SECRET))


def test_what_it_would_do_names_the_rotation_that_stands(desk: Desk) -> None:
    assert desk.do("providers.rotation.outlook", name="openai")["standing"] is None
    begun = desk.do("providers.rotate_key", name="openai")
    outlook = desk.do("providers.rotation.outlook", name="openai")
    assert outlook["standing"]["id"] == begun["id"]
    assert (outlook["set_at"], outlook["shared_with"]) == ("2026-09-21T14:13:20.000000Z", ("other",))


def test_it_is_watched_resumed_and_cancelled_by_its_id(desk: Desk) -> None:
    id = desk.do("providers.rotate_key", name="openai")["id"]
    assert desk.do("providers.rotation", id=id)["id"] == id
    assert desk.do("providers.rotation.resume", id=id, keep_old=True)["keep_old"] is True
    assert desk.do("providers.rotation.cancel", id=id)["cancel_by"] == "key:1"
    with pytest.raises(NotFound):
        desk.do("providers.rotation", id="rot_nothing")


def test_rotations_are_listed_of_one_provider_or_all(desk: Desk) -> None:
    id = desk.do("providers.rotate_key", name="openai")["id"]
    assert [each["id"] for each in desk.do("providers.rotations")] == [id]
    assert desk.do("providers.rotations", name="another") == []


@pytest.mark.parametrize(
    "deed",
    ["providers.rotate_key", "providers.rotation.resume", "providers.rotation.cancel", "providers.rotation.abandon"],
)
@pytest.mark.parametrize("role", ["none", "user", "admin"])
def test_only_a_super_admin_rotates_and_the_try_stands_in_the_trail(deed: str, role: str, desk: Desk) -> None:
    asked = {"name": "openai", "secret": SECRET} if deed == "providers.rotate_key" else {"id": "rot_1"}
    with pytest.raises(NotAllowed):
        desk.do(deed, role=role, **asked)
    with ControlStore.open(desk.home.control) as store:
        entry = store.audit_entries()[0]
        assert (entry.action, entry.result) == (deed, "denied")
        assert SECRET not in str(msgspec.to_builtins(entry))
    assert desk.rotator.wishes == []


def test_a_secret_in_the_wrong_field_is_not_repeated(desk: Desk) -> None:
    with pytest.raises(UsageError) as wrong:
        desk.do("providers.rotate_key", name="openai", secrets=SECRET)
    assert SECRET not in str(wrong.value)


@pytest.mark.parametrize("drain_us", [-1, 10**30])
def test_a_drain_that_no_list_could_show_is_refused(desk: Desk, drain_us: int) -> None:
    with pytest.raises(UsageError):
        desk.do("providers.rotate_key", name="openai", secret=SECRET, drain_us=drain_us)
    assert desk.rotator.wishes == []


def test_a_key_that_is_being_rotated_is_not_set_by_hand(desk: Desk) -> None:
    desk.do("providers.rotate_key", name="openai")
    with pytest.raises(UsageError, match="vault:openai is being rotated") as refused:
        desk.do("providers.set_key", name="openai", secret=SECRET)
    assert "rotate-key openai --resume" in refused.value.next_step
