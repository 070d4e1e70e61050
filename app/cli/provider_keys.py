"""Where a command gets a provider's key from: what the configuration refers to, the vault opened when it needs one."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatewatch.paths import Home


@contextmanager
def resolver(args: argparse.Namespace, home: "Home", reference: str) -> Iterator[Callable[[str], str | None]]:
    """A function that turns `reference` into its secret. Raises VaultError, and the function SecretError.

    Chooses no vault and makes none where there is none.
    """
    from app.cli.vault_options import control_store, opened_vault
    from gatewatch.vault.opening import kind_of
    from gatewatch.vault.references import resolve

    if not reference.startswith("vault:") or not home.control.exists():
        yield lambda asked: resolve(asked, None)
        return
    with control_store(args, make=False) as (_, store):
        vault = opened_vault(args, home, store) if kind_of(store) else None
        yield lambda asked: resolve(asked, vault)
