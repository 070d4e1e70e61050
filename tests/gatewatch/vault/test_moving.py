"""Another vault for a home: nothing lost when it is moved, nothing hidden when it is given up."""

import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.control.store import ControlStore
from gatewatch.errors import NotAllowed, UsageError
from gatewatch.paths import Home
from gatewatch.vault import keyring_vault
from gatewatch.vault.interface import Vault, VaultError
from gatewatch.vault.moving import abandon_vault, move_vault
from gatewatch.vault.opening import Wish, open_vault
from gatewatch.vault.pepper import get_or_create_pepper

CANARY = "sk-canary-4f1c9a7e2b8d6350"


class Drawer:
    """A keyring in memory, in place of a desktop's; a real one is tried in test_keyring_vault."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.loses = ""

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if username != self.loses:
            self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


@pytest.fixture
def drawer(monkeypatch: pytest.MonkeyPatch) -> Drawer:
    drawer = Drawer()
    monkeypatch.setattr(keyring_vault, "load", lambda *_: drawer)
    return drawer


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.delenv("GATEWATCH_VAULT", raising=False)
    return Home(tmp_path / "home").make()


@pytest.fixture
def store(home: Home) -> Iterator[ControlStore]:
    with ControlStore.open(home.control) as opened:
        yield opened


def test_everything_moves_there_and_back_and_nothing_stays_behind(
    home: Home, store: ControlStore, drawer: Drawer
) -> None:
    vault = open_vault(home, store, Wish(kind="file"))
    pepper = get_or_create_pepper(home, store, vault)
    vault.set("openai", CANARY)
    moved = move_vault(home, store, Wish(), "keyring")
    assert moved.get("openai") == CANARY
    assert not home.vault.exists()
    again = open_vault(home, store)
    assert again.describe().backend == "keyring:SecretService"
    assert get_or_create_pepper(home, store, again) == pepper
    back = move_vault(home, store, Wish(), "file")
    assert back.get("openai") == CANARY
    assert get_or_create_pepper(home, store, open_vault(home, store)) == pepper
    assert CANARY not in drawer.entries.values()
    assert CANARY.encode() not in home.vault.read_bytes()


@pytest.fixture
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "credentials"
    folder.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    (folder / "gatewatch.pepper").write_text("0" * 64)
    (folder / "gatewatch.audit-key").write_text("1" * 64)
    return folder


def filled(home: Home, store: ControlStore) -> Vault:
    """A vault file that holds what `credentials` do, and OpenAI's key."""
    vault = open_vault(home, store, Wish(kind="file"))
    vault.set("gatewatch/pepper", "0" * 64)
    vault.set("gatewatch/audit-key", "1" * 64)
    vault.set("openai", CANARY)
    return vault


def test_a_vault_that_is_given_its_secrets_is_taken_only_with_the_same_ones(
    home: Home, store: ControlStore, credentials: Path
) -> None:
    filled(home, store)
    with pytest.raises(VaultError, match="it lacks the credential gatewatch-openai") as refused:
        move_vault(home, store, Wish(), "systemd")
    assert "--secrets-to" in refused.value.next_step
    (credentials / "gatewatch-openai").write_text("another")
    with pytest.raises(VaultError, match="it differs in the credential gatewatch-openai") as refused:
        move_vault(home, store, Wish(), "systemd")
    assert CANARY not in str(refused.value)
    assert open_vault(home, store).describe().backend == "file"
    (credentials / "gatewatch-openai").write_text(CANARY + "\n")
    assert move_vault(home, store, Wish(), "systemd").get("openai") == CANARY
    assert not home.vault.exists()
    assert open_vault(home, store).describe().backend == "systemd"
    back = move_vault(home, store, Wish(), "file")
    assert back.names() == ["gatewatch/audit-key", "gatewatch/pepper", "openai"]
    assert (credentials / "gatewatch-openai").exists(), "what was given from outside is not ours to delete"


def test_the_anchor_of_the_audit_trail_moves_beside_a_vault_that_cannot_keep_it(
    home: Home, store: ControlStore, credentials: Path
) -> None:
    filled(home, store).set("gatewatch/audit-anchor", "what is known of the trail")
    (credentials / "gatewatch-openai").write_text(CANARY)
    move_vault(home, store, Wish(), "systemd")
    assert home.audit_anchor.read_text() == "what is known of the trail"
    assert home.audit_anchor.stat().st_mode & 0o777 == 0o600


def test_a_rotation_that_needs_what_it_has_kept_is_finished_first(
    home: Home, store: ControlStore, credentials: Path
) -> None:
    filled(home, store).set("gatewatch/next/openai", "the next one")
    (credentials / "gatewatch-openai").write_text(CANARY)
    with pytest.raises(VaultError, match="the key of 'openai' is being rotated"):
        move_vault(home, store, Wish(), "systemd")
    assert open_vault(home, store).describe().backend == "file"


def test_what_has_the_only_copy_of_a_virtual_keys_secret_is_not_left_behind(
    home: Home, store: ControlStore, credentials: Path
) -> None:
    filled(home, store).set("gatewatch/keys/Ab3dEf9x-ci", "a virtual key's secret")
    (credentials / "gatewatch-openai").write_text(CANARY)
    with pytest.raises(VaultError, match="Ab3dEf9x-ci"):
        move_vault(home, store, Wish(), "systemd")
    assert open_vault(home, store).describe().backend == "file"


def test_names_that_the_environment_cannot_spell_are_moved_as_the_configuration_spells_them(
    home: Home, store: ControlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"GATEWATCH_OWN_PEPPER": "0" * 64, "GATEWATCH_OWN_AUDIT_KEY": "1" * 64, "GATEWATCH_SECRET_IN_HOUSE": CANARY}
    monkeypatch.setattr("gatewatch.vault.environment_vault._taken", given)
    open_vault(home, store, Wish(kind="env"))
    assert move_vault(home, store, Wish(), "file", ["In-House"]).get("In-House") == CANARY


def test_a_move_is_in_the_audit_trail(home: Home, store: ControlStore, drawer: Drawer) -> None:
    open_vault(home, store, Wish(kind="file"))
    move_vault(home, store, Wish(), "keyring")
    (entry,) = (entry for entry in store.audit_entries() if entry.action == "vault.move")
    assert (entry.target, entry.before) == ("keyring:SecretService", {"backend": "file"})


def test_a_move_that_fails_leaves_the_old_vault_in_use(home: Home, store: ControlStore, drawer: Drawer) -> None:
    open_vault(home, store, Wish(kind="file")).set("openai", CANARY)
    drawer.loses = "openai"
    with pytest.raises(VaultError, match="does not keep"):
        move_vault(home, store, Wish(), "keyring")
    vault = open_vault(home, store)
    assert vault.describe().backend == "file"
    assert vault.get("openai") == CANARY


def test_a_vault_is_not_moved_to_where_it_is_nor_under_a_running_gateway(home: Home, store: ControlStore) -> None:
    open_vault(home, store, Wish(kind="file"))
    with pytest.raises(UsageError, match="file already"):
        move_vault(home, store, Wish(), "file")
    with open(home.lock, "w") as gateway:
        fcntl.flock(gateway, fcntl.LOCK_EX)
        for change in (move_vault, abandon_vault):
            with pytest.raises(NotAllowed, match="is running"):
                change(home, store, Wish(), "keyring")


def test_a_home_without_a_vault_gets_the_one_that_is_named(home: Home, store: ControlStore) -> None:
    assert move_vault(home, store, Wish(), "file").describe().backend == "file"


def test_an_abandoned_vault_takes_its_keys_with_it_and_says_so(home: Home, store: ControlStore) -> None:
    vault = open_vault(home, store, Wish(kind="file"))
    pepper = get_or_create_pepper(home, store, vault)
    vault.set("openai", CANARY)
    store.create_key("app", team="search", create_team=True, pepper=pepper)
    home.vault_key.unlink()
    with pytest.raises(VaultError):
        open_vault(home, store)
    fresh = abandon_vault(home, store, Wish(), "file")
    assert fresh.names() == []
    assert get_or_create_pepper(home, store, fresh) != pepper
    assert [key.state(0) for key in store.keys("search")] == ["revoked"]
    assert "vault.abandon" in [entry.action for entry in store.audit_entries()]
    assert len(list(home.root.glob("vault.gw.abandoned-*"))) == 1


def test_a_vault_is_abandoned_only_for_one_that_works(
    home: Home, store: ControlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_vault(home, store, Wish(kind="file")).set("openai", CANARY)
    monkeypatch.setattr(keyring_vault, "candidates", lambda: ("KWallet",))
    with pytest.raises(VaultError):
        abandon_vault(home, store, Wish(), "keyring")
    assert open_vault(home, store).get("openai") == CANARY
