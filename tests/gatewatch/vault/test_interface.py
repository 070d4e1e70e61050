"""What every vault is: the same promises of each kind, tried on real ones."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gatewatch.errors import GatewatchError
from gatewatch.vault import environment_vault
from gatewatch.vault.environment_vault import EnvironmentVault, variable
from gatewatch.vault.file_vault import FileVault
from gatewatch.vault.hashicorp import open_vault as open_hashicorp
from gatewatch.vault.interface import Description, Vault, VaultError, VaultReadOnly
from gatewatch.vault.keyring_vault import KeyringVault
from gatewatch.vault.passphrase import Passphrase
from gatewatch.vault.systemd_vault import SystemdVault, credential
from tests.gatewatch.vault.test_keyring_vault import Drawer
from tests.kit.kv_server import kv_server

CANARY = "sk-canary-4f1c9a7e2b8d6350"
OURS = (
    "gatewatch/pepper",
    "gatewatch/next/in-house.2@x+y",
    "gatewatch/old/openai",
    "gatewatch/rotation/Ab3dEf9x/deploy-7",
    "gatewatch/rotation/Ab3dEf9x/two words",
    "gatewatch/rotation/Ab3dEf9x/" + "r" * 64,
    "gatewatch/rotation/zZ000000/deploy-7",
    "gatewatch/keys/Ab3dEf9x-ci",
)
"""As deep and as odd as names get that we make."""
PROVIDERS = ("openai", "OpenAI", "a.b", "a@b+c-d_e", "9" * 64, "gatewatch")
"""As odd as names get that a reference may have."""


def file_vault(folder: Path) -> Vault:
    return FileVault(folder / "v", folder / "l", Passphrase(b"correct horse", "a test"), "a test")


@pytest.fixture(params=["file", "keyring", "hashicorp"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vault]:
    """One that can be written, and is empty."""
    if request.param == "file":
        yield file_vault(tmp_path)
    elif request.param == "keyring":
        keyring = KeyringVault("SecretService", Drawer(), "gatewatch test", tmp_path / "l", "a test")
        keyring.start()
        yield keyring
    else:
        with kv_server() as server:
            server.tokens.add("hvs.x")
            token = tmp_path / "token"
            token.write_text("hvs.x")
            token.chmod(0o600)
            options = {"address": server.address, "path": "gatewatch/one", "token": f"file:{token}"}
            yield open_hashicorp(options, "a test")


def test_what_is_kept_is_read_listed_replaced_and_forgotten_whatever_its_name(vault: Vault) -> None:
    names = [*OURS, *PROVIDERS]
    assert vault.names() == []
    for name in names:
        assert vault.get(name) is None
        vault.set(name, f"the secret of {name}")
    assert vault.names() == sorted(names)
    assert {name: vault.get(name) for name in names} == {name: f"the secret of {name}" for name in names}
    for name in names:
        vault.set(name, f"the next secret of {name}")
    assert vault.names() == sorted(names), "replaced, not kept beside"
    while names:
        gone = names.pop()
        vault.delete(gone)
        assert vault.get(gone) is None
        assert vault.names() == sorted(names), gone
        assert all(vault.get(name) == f"the next secret of {name}" for name in names)


@pytest.mark.parametrize("secret", ["x", "two\nlines", " blanks ", "\u00fc\u4e2d\U0001f511", "\"{}'$\\", "k" * 65536])
def test_a_secret_comes_back_to_the_letter(vault: Vault, secret: str) -> None:
    vault.set("openai", secret)
    assert vault.get("openai") == secret


def test_a_folder_is_no_entry_and_an_entry_is_no_folder(vault: Vault) -> None:
    vault.set("gatewatch/next/openai", CANARY)
    for name in (
        "gatewatch",
        "gatewatch/next",
        "next/openai",
        "openai",
        "gatewatch/next/opena",
        "gatewatch/next/openai/x",
    ):
        assert vault.get(name) is None, name
        vault.delete(name)
    assert (vault.names(), vault.get("gatewatch/next/openai")) == (["gatewatch/next/openai"], CANARY)
    vault.set("gatewatch", "a provider of that name")
    assert vault.names() == ["gatewatch", "gatewatch/next/openai"]
    vault.delete("gatewatch")
    assert vault.get("gatewatch/next/openai") == CANARY


@pytest.mark.parametrize("name", ["nothing", "gatewatch/nothing", "gatewatch/rotation/Ab3dEf9x/nothing"])
def test_what_is_not_there_is_none_and_can_be_forgotten(vault: Vault, name: str) -> None:
    assert vault.get(name) is None
    vault.delete(name)
    assert vault.names() == []


def systemd_vault(given: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Vault:
    for name, secret in given.items():
        (folder / credential(name)).write_text(secret)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    return SystemdVault("a test")


def env_vault(given: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Vault:
    del folder
    monkeypatch.setattr(environment_vault, "_taken", {})
    for name, secret in given.items():
        monkeypatch.setenv(variable(name), secret)
    return EnvironmentVault("a test")


@pytest.mark.parametrize("kind", [systemd_vault, env_vault])
def test_what_is_given_from_outside_is_read_and_listed_and_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Callable[..., Vault]
) -> None:
    given = {"gatewatch/pepper": "0" * 64, "gatewatch/audit-key": "1" * 64, "openai": CANARY}
    vault = kind(given, tmp_path, monkeypatch)
    assert vault.names() == sorted(given)
    assert {name: vault.get(name) for name in given} == given
    for name in ("nothing", "gatewatch/openai", *OURS[1:]):
        assert vault.get(name) is None
        with pytest.raises(VaultReadOnly):
            vault.set(name, "x")
    for name in given:
        with pytest.raises(VaultReadOnly):
            vault.delete(name)
    assert {name: vault.get(name) for name in given} == given


def test_a_vault_says_its_backend_and_reason_and_its_errors_are_for_operators(tmp_path: Path) -> None:
    description = file_vault(tmp_path).describe()
    assert isinstance(description, Description)
    assert description.backend == "file"
    assert issubclass(VaultError, GatewatchError)
