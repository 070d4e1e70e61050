"""Which vault a home gets, and that it keeps it."""

import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewatch.control.store import ControlStore
from gatewatch.errors import UsageError
from gatewatch.paths import Home
from gatewatch.vault.interface import VaultError
from gatewatch.vault.opening import Wish, open_vault

CANARY = "sk-canary-4f1c9a7e2b8d6350"
VARIABLES = (
    "CREDENTIALS_DIRECTORY",
    "GATEWATCH_PASSPHRASE_FD",
    "GATEWATCH_KEY_FILE",
    "GATEWATCH_VAULT",
    "DBUS_SESSION_BUS_ADDRESS",
)


@pytest.fixture(autouse=True)
def a_machine_without_a_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("gatewatch.vault.keyring_vault.candidates", lambda: ("SecretService", "KWallet"))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").make()


@pytest.fixture
def store(home: Home) -> Iterator[ControlStore]:
    with ControlStore.open(home.control) as opened:
        yield opened


def test_with_no_keyring_and_no_passphrase_a_key_file_is_made_and_its_limits_are_said(
    home: Home, store: ControlStore
) -> None:
    vault = open_vault(home, store)
    vault.set("openai", CANARY)
    assert stat.S_IMODE(home.vault_key.stat().st_mode) == 0o400
    assert stat.S_IMODE(home.vault.stat().st_mode) == 0o600
    backend, reason = vault.describe()
    assert backend == "file"
    assert "no keyring of the operating system works (the SecretService keyring cannot be used" in reason
    assert f"opens with the key file {home.vault_key}" in reason
    assert "protects a copy of the vault without the key file, not from somebody who can read this folder" in reason


def test_the_same_vault_is_opened_ever_after_with_the_same_reason(home: Home, store: ControlStore) -> None:
    first = open_vault(home, store)
    first.set("openai", CANARY)
    again = open_vault(home, store)
    assert again.get("openai") == CANARY
    assert again.describe() == first.describe()
    assert store.setting("vault.backend") == "file"
    with pytest.raises(UsageError, match="of the kind file, not keyring"):
        open_vault(home, store, Wish(kind="keyring"))


def test_an_operator_who_asks_for_a_file_gets_one_without_a_look_at_keyrings(
    home: Home, store: ControlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gatewatch.vault.keyring_vault.candidates", lambda: pytest.fail("looked"))
    monkeypatch.setenv("GATEWATCH_VAULT", "file")
    assert open_vault(home, store).describe().reason.startswith("asked for; ")


def test_an_operator_who_asks_for_a_keyring_does_not_get_a_file(home: Home, store: ControlStore) -> None:
    with pytest.raises(VaultError, match="no keyring of the operating system works: the SecretService keyring"):
        open_vault(home, store, Wish(kind="keyring"))
    assert store.setting("vault.backend") is None
    assert not home.vault_key.exists()


def test_a_wish_that_is_none_of_the_kinds_is_an_error(
    home: Home, store: ControlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWATCH_VAULT", "null")
    with pytest.raises(UsageError, match="no kind of vault"):
        open_vault(home, store)


def test_a_chosen_keyring_that_is_gone_is_an_error_that_says_how_to_take_another(
    home: Home, store: ControlStore
) -> None:
    store.set_setting("vault.backend", "keyring:SecretService")
    with pytest.raises(VaultError, match="the vault of this home is keyring:SecretService") as refused:
        open_vault(home, store)
    assert "gatewatch providers vault --use file" in refused.value.next_step
    assert store.setting("vault.backend") == "keyring:SecretService"
    assert not home.vault.exists()


@pytest.mark.parametrize("backend", ["keyring:null", "keyring:PlaintextKeyring", "keyring:", "nonsense"])
def test_a_setting_that_names_an_untrusted_backend_is_refused(home: Home, store: ControlStore, backend: str) -> None:
    store.set_setting("vault.backend", backend)
    with pytest.raises(VaultError, match=r"not a keyring that Gatewatch trusts|a plug-in that is not installed"):
        open_vault(home, store)


def test_a_vault_whose_key_source_is_gone_names_all_four_and_makes_no_new_key(home: Home, store: ControlStore) -> None:
    open_vault(home, store).set("openai", CANARY)
    home.vault_key.unlink()
    with pytest.raises(VaultError, match="is locked") as refused:
        open_vault(home, store)
    for way in ("systemd credential", "key file", "--passphrase-fd", "prompt"):
        assert way in refused.value.next_step
    assert not home.vault_key.exists()
    assert CANARY not in str(refused.value)


def test_a_passphrase_of_ones_own_makes_no_key_file(home: Home, store: ControlStore) -> None:
    typed = Wish(kind="file", prompt=lambda _: "correct horse", new_passphrase=True)
    open_vault(home, store, typed).set("openai", CANARY)
    assert not home.vault_key.exists()
    assert open_vault(home, store, Wish(prompt=lambda _: "correct horse")).get("openai") == CANARY
    with pytest.raises(VaultError, match="wrong passphrase"):
        open_vault(home, store, Wish(prompt=lambda _: "wrong horse"))
    with pytest.raises(VaultError, match="is locked"):
        open_vault(home, store)
    with pytest.raises(UsageError, match="has its passphrase already"):
        open_vault(home, store, typed)


def test_a_new_passphrase_needs_somebody_to_type_it(home: Home, store: ControlStore) -> None:
    with pytest.raises(UsageError, match="on a terminal only"):
        open_vault(home, store, Wish(kind="file", new_passphrase=True))


def test_a_prompt_alone_does_not_keep_the_first_use_waiting(home: Home, store: ControlStore) -> None:
    open_vault(home, store, Wish(kind="file", prompt=lambda _: pytest.fail("asked")))
    assert home.vault_key.exists()


def test_a_vault_file_without_its_control_store_is_opened_and_not_passed_over(home: Home, tmp_path: Path) -> None:
    with ControlStore.open(home.control) as store:
        open_vault(home, store).set("openai", CANARY)
    for path in home.root.glob("control.db*"):
        path.unlink()
    with ControlStore.open(home.control) as store:
        vault = open_vault(home, store)
        assert vault.get("openai") == CANARY
        assert "was there already" in vault.describe().reason


def test_keyring_and_cryptography_are_imported_when_they_are_used(home: Home) -> None:
    program = (
        "import sys\n"
        "import gatewatch.vault.opening, gatewatch.vault.moving, gatewatch.vault.pepper, gatewatch.vault.references\n"
        "import gatewatch.control.store\n"
        "print({'keyring', 'cryptography', 'secretstorage', 'pydantic', 'duckdb'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")
