"""What a vault offers, whatever keeps it."""

from typing import NamedTuple, Protocol

from gatewatch.errors import GatewatchError


class VaultError(GatewatchError):
    """The vault cannot be opened or used as it is. No message holds a secret."""


class VaultReadOnly(VaultError):
    """The vault gets its secrets from outside: what is to be kept has to be put there by an operator."""

    exit_code = 4


class Description(NamedTuple):
    """Which backend keeps the secrets and why it was chosen: shown on screens and in logs."""

    backend: str
    reason: str


class Vault(Protocol):
    """Secrets by name. Every method raises VaultError where the backend fails."""

    def get(self, name: str) -> str | None:
        """The secret, None where there is none."""

    def set(self, name: str, secret: str) -> None:
        """Keeps the secret durably; replaces an older one. Raises VaultReadOnly where secrets come from outside."""

    def delete(self, name: str) -> None:
        """Forgets the secret; nothing happens where there is none. Raises VaultReadOnly likewise."""

    def names(self) -> list[str]:
        """What is kept, sorted."""

    def describe(self) -> Description:
        """What this is and why."""
