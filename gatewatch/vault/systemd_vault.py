"""The vault in systemd's credentials: files that the service manager decrypts for one unit and nobody else.

A provider's key NAME is the credential `gatewatch-NAME`, our own `gatewatch/NAME` is `gatewatch.NAME`: no provider key
can be taken for one of ours. `gatewatch-vault` is the passphrase of a vault file, and no provider's key.
"""

import os
import re
from pathlib import Path

from gatewatch.vault.atomic_file import LARGEST
from gatewatch.vault.interface import VaultError
from gatewatch.vault.own_entries import PREFIX, is_own
from gatewatch.vault.passphrase import CREDENTIAL
from gatewatch.vault.read_only import ReadOnlyVault

FOLDER_VARIABLE = "CREDENTIALS_DIRECTORY"

_OF_PROVIDERS, _OURS = "gatewatch-", "gatewatch."
_PLAIN = re.compile(r"[A-Za-z0-9._@+-]{1,80}", re.ASCII)


def credential(name: str) -> str:
    """What the credential of an entry is called."""
    return f"{_OURS}{name.removeprefix(PREFIX)}" if is_own(name) else f"{_OF_PROVIDERS}{name}"


class SystemdVault(ReadOnlyVault):
    kind = "systemd"

    def __init__(self, reason: str) -> None:
        """Raises VaultError where systemd gave this process no credentials."""
        super().__init__(reason)
        folder = os.environ.get(FOLDER_VARIABLE)
        if not folder:
            raise VaultError(
                f"the vault is systemd's credentials, and this process has none: {FOLDER_VARIABLE} is not set",
                "start it as a unit with LoadCredentialEncrypted=, or"
                " `systemd-run --pty --property=LoadCredentialEncrypted=…` for one command",
            )
        self._folder = Path(folder)

    def get(self, name: str) -> str | None:
        called = credential(name)
        if _PLAIN.fullmatch(called) is None or called == CREDENTIAL:
            return None
        try:
            with open(self._folder / called, "rb") as file:
                content = file.read(LARGEST + 1)
            if len(content) > LARGEST:
                raise VaultError(f"the systemd credential {called} is too large")
            return content.decode().strip() or None
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            raise VaultError(f"the systemd credential {called} is not UTF-8 text") from None
        except OSError as error:
            raise VaultError(f"the systemd credential {called} cannot be read: {error.strerror}") from error

    def names(self) -> list[str]:
        try:
            found = os.listdir(self._folder)
        except OSError as error:
            raise VaultError(f"systemd's credentials cannot be read: {self._folder}: {error.strerror}") from error
        ours = [PREFIX + file.removeprefix(_OURS) for file in found if file.startswith(_OURS)]
        providers = [file.removeprefix(_OF_PROVIDERS) for file in found if file.startswith(_OF_PROVIDERS)]
        return sorted([*ours, *(name for name in providers if credential(name) != CREDENTIAL)])

    def place(self, name: str) -> str:
        return f"the credential {credential(name)}"

    def whole(self) -> str:
        return f"systemd's credentials in {self._folder}"
