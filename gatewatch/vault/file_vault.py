"""The vault as one encrypted file (`sealed` has its format).

The file is replaced whole, so it is never half written; changes by several processes happen one after another, each on
what the last one left. A file that others may read is refused.
"""

from pathlib import Path

import msgspec

from gatewatch.control.exclusive import exclusive
from gatewatch.vault.atomic_file import read_private, write_private
from gatewatch.vault.interface import Description, VaultError
from gatewatch.vault.passphrase import Passphrase
from gatewatch.vault.sealed import new_salt, salt_of, seal, unseal


class FileVault:
    """Made on the first `set`. Opening an existing one costs a key derivation (0.1 s), once per process."""

    def __init__(self, path: Path, lock: Path, passphrase: Passphrase, reason: str) -> None:
        """Raises VaultError where the file exists and does not open."""
        self._path = path
        self._lock = lock
        self._passphrase = passphrase
        self._reason = reason
        self._load()

    def get(self, name: str) -> str | None:
        return self._load()[1].get(name)

    def set(self, name: str, secret: str) -> None:
        with exclusive(self._lock):
            salt, entries = self._load()
            self._save(salt, entries | {name: secret})

    def delete(self, name: str) -> None:
        with exclusive(self._lock):
            salt, entries = self._load()
            if entries.pop(name, None) is not None:
                self._save(salt, entries)

    def names(self) -> list[str]:
        return sorted(self._load()[1])

    def describe(self) -> Description:
        parts = (self._reason, f"{self._path} opens with {self._passphrase.source}", self._passphrase.protects)
        return Description("file", "; ".join(part for part in parts if part))

    def _load(self) -> tuple[bytes, dict[str, str]]:
        """Salt and entries as they are on disk now."""
        try:
            sealed = read_private(self._path, "600")
        except FileNotFoundError:
            return new_salt(), {}
        except OSError as error:
            raise VaultError(f"{self._path} cannot be read: {error.strerror}") from error
        try:
            plain = unseal(sealed, self._passphrase.secret)
            return salt_of(sealed), msgspec.json.decode(plain, type=dict[str, str])
        except ValueError:  # never chained: msgspec's message could quote what it could not read
            raise VaultError(
                f"{self._path} does not open with {self._passphrase.source}: a wrong passphrase, or a damaged file",
                "give the passphrase it was made with, or restore the file from a backup",
            ) from None

    def _save(self, salt: bytes, entries: dict[str, str]) -> None:
        try:
            write_private(self._path, seal(msgspec.json.encode(entries), self._passphrase.secret, salt))
        except OSError as error:
            raise VaultError(f"{self._path} cannot be written: {error.strerror}") from error
