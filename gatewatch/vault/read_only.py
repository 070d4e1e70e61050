"""Vaults whose secrets are given from outside, by the service manager or the container's: read, never written.

Keeps true: whatever would have to be written is an error that names the place where an operator puts it.
"""

from abc import ABC, abstractmethod

from gatewatch.errors import GatewatchError
from gatewatch.keys.secret_shapes import shown
from gatewatch.vault.interface import Description, VaultError, VaultReadOnly
from gatewatch.vault.own_entries import DELIVERED, NEEDED, is_own


class ReadOnlyVault(ABC):
    """`kind`: as the configuration names it."""

    kind: str

    def __init__(self, reason: str) -> None:
        self._reason = reason

    @abstractmethod
    def get(self, name: str) -> str | None:
        """The secret, None where there is none."""

    @abstractmethod
    def names(self) -> list[str]:
        """What is there, sorted."""

    @abstractmethod
    def place(self, name: str) -> str:
        """Where an operator puts this entry: `the variable X`."""

    @abstractmethod
    def whole(self) -> str:
        """What this vault is, for an error: `the environment of this process`."""

    def set(self, name: str, secret: str) -> None:  # noqa: ARG002 - as Vault has it
        raise self._refusal("keep", name)

    def delete(self, name: str) -> None:
        raise self._refusal("delete", name)

    def describe(self) -> Description:
        return Description(self.kind, f"{self._reason}; {self.whole()}, which is read-only")

    def check_complete(self) -> None:
        """Raises VaultError with everything that is missing of what no home can do without."""
        missing = [name for name in NEEDED if self.get(name) is None]
        if missing:
            raise VaultError(
                f"the vault is {self.whole()}, and it lacks {' and '.join(map(self.place, missing))}",
                f"{self._how_to_make()}, then start again",
            )

    def _refusal(self, deed: str, name: str) -> GatewatchError:
        next_step = f"give it as {self.place(name)}, and restart what uses it"
        if name in NEEDED and deed == "keep":
            next_step = f"{self._how_to_make()}; it goes in as {self.place(name)}"
        elif name.startswith(DELIVERED):
            next_step = "have the secret put elsewhere: into --secret-file, say"
        elif is_own(name):  # what a rotation works with: its last part names the key
            key = name.rpartition("/")[2]
            next_step = f"a key is rotated where it comes from: give the new one as {self.place(key)}, and restart"
        return VaultReadOnly(
            f"the vault is {self.whole()}, which is read-only: it cannot {deed} {shown(name)}", next_step
        )

    def _how_to_make(self) -> str:
        return f"make what is missing with `gatewatch providers vault --secrets-to DIR --vault {self.kind}`"
