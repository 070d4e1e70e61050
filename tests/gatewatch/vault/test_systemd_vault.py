"""systemd's credentials: files of a folder that the service manager names."""

from pathlib import Path

import pytest

from gatewatch.vault.interface import VaultError
from gatewatch.vault.systemd_vault import SystemdVault, credential

CANARY = "sk-canary-4f1c9a7e2b8d6350"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    return tmp_path


def test_a_providers_key_and_our_own_entries_are_found_under_different_names(folder: Path) -> None:
    (folder / "gatewatch-openai").write_text(CANARY + "\n")
    (folder / "gatewatch-pepper").write_text("a provider that is called pepper")
    (folder / "gatewatch.pepper").write_text("0" * 64)
    (folder / "database-password").write_text("not ours")
    vault = SystemdVault("a test")
    assert vault.get("openai") == CANARY
    assert vault.get("pepper") == "a provider that is called pepper"
    assert vault.get("gatewatch/pepper") == "0" * 64
    assert vault.get("other") is None
    assert vault.names() == ["gatewatch/pepper", "openai", "pepper"]
    assert vault.describe() == ("systemd", f"a test; systemd's credentials in {folder}, which is read-only")
    assert CANARY not in repr(vault) + str(vault.describe())


def test_the_passphrase_of_a_vault_file_is_no_providers_key(folder: Path) -> None:
    (folder / "gatewatch-vault").write_text("the passphrase")
    vault = SystemdVault("a test")
    assert vault.get("vault") is None
    assert vault.names() == []


@pytest.mark.parametrize("name", ["../gatewatch-openai", "a/b", "gatewatch/../openai", "", "a\0b"])
def test_no_name_leads_out_of_the_folder(folder: Path, name: str) -> None:
    (folder / "gatewatch-openai").write_text(CANARY)
    (folder / "openai").write_text(CANARY)
    assert SystemdVault("a test").get(name) is None


def test_an_empty_credential_is_none(folder: Path) -> None:
    (folder / "gatewatch-openai").write_text("\n")
    assert SystemdVault("a test").get("openai") is None


def test_what_cannot_be_read_as_text_is_an_error_without_its_content(folder: Path) -> None:
    (folder / "gatewatch-openai").write_bytes(CANARY.encode() + b"\xff")
    (folder / "gatewatch-folder").mkdir()
    vault = SystemdVault("a test")
    with pytest.raises(VaultError, match="not UTF-8") as refused:
        vault.get("openai")
    assert CANARY not in str(refused.value)
    with pytest.raises(VaultError, match="cannot be read"):
        vault.get("folder")


def test_a_process_without_credentials_is_told_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(VaultError, match="CREDENTIALS_DIRECTORY is not set") as refused:
        SystemdVault("a test")
    assert "LoadCredentialEncrypted=" in refused.value.next_step


def test_names_of_credentials() -> None:
    assert credential("openai") == "gatewatch-openai"
    assert credential("gatewatch/pepper") == "gatewatch.pepper"
