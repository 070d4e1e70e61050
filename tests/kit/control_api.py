"""What a control API needs beside a ledger, where a test has no gateway around it."""

from typing import Any

from gatewatch.vault.interface import Vault, VaultError


class NoGateway:
    """A gateway without workers."""

    def live(self) -> dict[str, Any]:
        return {"workers": []}

    def refresh(self) -> None:
        return None


def no_vault() -> Vault:
    raise VaultError("this test has no vault", "")
