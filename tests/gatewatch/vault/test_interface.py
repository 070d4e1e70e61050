"""What every vault is."""

from pathlib import Path

from gatewatch.errors import GatewatchError
from gatewatch.vault.file_vault import FileVault
from gatewatch.vault.interface import Description, Vault, VaultError
from gatewatch.vault.passphrase import Passphrase


def test_a_vault_says_its_backend_and_reason_and_its_errors_are_for_operators(tmp_path: Path) -> None:
    vault: Vault = FileVault(tmp_path / "v", tmp_path / "l", Passphrase(b"correct horse", "a test"), "asked for")
    description = vault.describe()
    assert isinstance(description, Description)
    assert description.backend == "file"
    assert issubclass(VaultError, GatewatchError)
