"""The operating system's keyring: what is trusted, what is found out by trying, and that it works for real."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import keyring.backends.fail
import keyring.backends.null
import pytest

from gatewatch.vault.interface import VaultError
from gatewatch.vault.keyring_vault import ALLOWED, KeyringVault, candidates, load, probe

CANARY = "sk-canary-4f1c9a7e2b8d6350"


class Drawer:
    """A keyring that works, in memory."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


class Clinging(Drawer):
    def delete_password(self, service: str, username: str) -> None:
        """Says nothing and keeps it."""


class Waiting(Drawer):
    """Waits for a human who never comes."""

    def __init__(self) -> None:
        super().__init__()
        self.human = threading.Event()

    def set_password(self, service: str, username: str, password: str) -> None:
        self.human.wait()


class Chatty(Drawer):
    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"\x1b[2Jcould not store {CANARY}")


@pytest.mark.parametrize(
    "name", ["null", "fail", "chainer", "PlaintextKeyring", "keyring.backends.null.Keyring", "", "\x1b[2J"]
)
def test_a_backend_that_is_not_listed_is_never_loaded(name: str) -> None:
    with pytest.raises(VaultError, match="not a keyring that Gatewatch trusts"):
        load(name)


def test_only_keyrings_of_operating_systems_are_listed() -> None:
    assert set(ALLOWED) == {"macOS", "Windows", "SecretService", "libsecret", "KWallet"}
    assert set(candidates()) <= set(ALLOWED)
    assert all(module.startswith("keyring.backends.") for module, _ in ALLOWED.values())


def test_the_environment_cannot_choose_the_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    for backend in ("keyring.backends.null.Keyring", "no.such.module"):
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", backend)
        for name in candidates():
            with pytest.raises(VaultError, match=f"the {name} keyring cannot be used"):
                load(name)


def test_a_keyring_that_works_passes_and_keeps_no_trace(tmp_path: Path) -> None:
    drawer = Drawer()
    probe("Drawer", drawer, "gatewatch test")
    assert drawer.entries == {}


def test_keyrings_that_lose_cling_fail_or_hang_are_found_out() -> None:
    waiting = Waiting()
    for backend, message in (
        (keyring.backends.null.Keyring(), "does not keep"),
        (Clinging(), "does not delete"),
        (keyring.backends.fail.Keyring(), "NoKeyringError"),
        (waiting, "did not answer in time"),
    ):
        with pytest.raises(VaultError, match=message):
            probe("Some", backend, "gatewatch test", seconds=0.05 if backend is waiting else 30)
    waiting.human.set()


def test_what_a_keyring_says_is_shown_harmless_and_without_secrets(tmp_path: Path) -> None:
    with pytest.raises(VaultError) as refused:
        probe("Chatty", Chatty(), "gatewatch test")
    assert "could not store" in str(refused.value)
    assert CANARY not in str(refused.value)
    assert "\x1b" not in str(refused.value)


def test_secrets_are_kept_listed_and_forgotten_per_home(tmp_path: Path) -> None:
    drawer = Drawer()
    one = KeyringVault("Drawer", drawer, "gatewatch one", tmp_path / "lock", "a test")
    two = KeyringVault("Drawer", drawer, "gatewatch two", tmp_path / "lock", "a test")
    one.start()
    two.start()
    one.set("openai", CANARY)
    assert (one.get("openai"), one.names()) == (CANARY, ["openai"])
    assert (two.get("openai"), two.names()) == (None, [])
    one.delete("openai")
    one.delete("openai")
    assert (one.get("openai"), one.names()) == (None, [])
    assert one.describe() == ("keyring:Drawer", "a test")


def test_a_keyring_without_this_homes_list_is_taken_for_the_wrong_one(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="holds nothing of this home"):
        KeyringVault("Drawer", Drawer(), "gatewatch one", tmp_path / "lock", "a test").names()


SESSION = """
import os, pathlib, subprocess, sys
folder = pathlib.Path(sys.argv[1])
os.environ |= {"XDG_DATA_HOME": str(folder / "data"), "XDG_RUNTIME_DIR": str(folder)}
subprocess.run(["gnome-keyring-daemon", "--unlock", "--components=secrets"], input=b"pw", stdout=subprocess.DEVNULL)
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from gatewatch.vault.interface import VaultError
from gatewatch.vault.opening import open_vault
from gatewatch.vault.pepper import get_or_create_pepper
home = Home(folder / "home").make()
store = ControlStore.open(home.control)
vault = open_vault(home, store)
pepper = get_or_create_pepper(home, store, vault)
vault.set("openai", "sk-canary-4f1c9a7e2b8d6350")
again = open_vault(home, store)
assert again.get("openai") == "sk-canary-4f1c9a7e2b8d6350"
assert again.names() == ["gatewatch/pepper", "openai"]
assert get_or_create_pepper(home, store, again) == pepper
print(again.describe().backend, home.vault.exists())
"""


@pytest.mark.skipif(
    shutil.which("gnome-keyring-daemon") is None or shutil.which("dbus-run-session") is None,
    reason="gnome-keyring and dbus-run-session are not installed",
)
def test_a_real_secret_service_is_chosen_and_a_session_without_it_is_an_error(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWATCH")}
    for name in ("data", "home"):
        (tmp_path / name).mkdir(mode=0o700)
    session = subprocess.run(
        ["dbus-run-session", "--", sys.executable, "-c", SESSION, str(tmp_path)],
        env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert session.stdout == "keyring:SecretService False\n", session.stderr
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes()
    environment.pop("DBUS_SESSION_BUS_ADDRESS", None)
    program = SESSION[SESSION.index("from gatewatch.control") : SESSION.index("pepper =")].replace(
        "home = ", "import pathlib, sys; folder = pathlib.Path(sys.argv[1]); home = "
    )
    without = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], env=environment, capture_output=True, text=True
    )
    assert "the vault of this home is keyring:SecretService" in without.stderr
    assert "gatewatch providers vault --use file" in without.stderr
