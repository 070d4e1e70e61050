"""Where a new secret goes: into the answer, this once, or into the vault, where nobody is shown it.

Keeps true: without the right to copy secrets an answer never holds one. What is delivered to the vault is an entry of
its key alone, which no `vault:` reference can name: whoever may make keys chooses nothing that a provider is sent, and
learns nothing of what else is kept there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from logging import getLogger
from typing import Literal

from gatewatch.actions.acting import Acting
from gatewatch.authority.permissions import Permission
from gatewatch.control.exclusive import exclusive
from gatewatch.errors import UsageError
from gatewatch.vault.interface import Vault, VaultError
from gatewatch.vault.own_entries import DELIVERED
from gatewatch.vault.references import SecretError, checked_vault_name

Deliver = Literal["answer", "vault"]

log = getLogger("gatewatch.keys")


def check_delivery(acting: Acting, deliver: Deliver, vault_name: str | None) -> None:
    """Raises NotAllowed where the actor may not be shown a secret, UsageError for a name that cannot be taken."""
    if deliver == "answer":
        acting.require(Permission.KEYS_COPY)
        if vault_name is not None:
            raise UsageError("a name in the vault is for secrets that are put there", "ask for --to-vault, or leave it")
        return
    if vault_name is None:
        raise UsageError("a secret that goes into the vault needs a name there", "add --to-vault NAME")
    try:
        checked_vault_name(vault_name)
    except SecretError as error:
        raise UsageError(error.title, error.next_step) from None


def entry_of(key_id: str, vault_name: str) -> str:
    """Where the vault keeps a secret that was delivered to it: one place over all rotations of the key."""
    return f"{DELIVERED}{key_id}-{vault_name}"


@contextmanager
def delivering(acting: Acting, deliver: Deliver, vault_name: str | None) -> Iterator[None]:
    """For one deed: until its end nobody takes the secret for one of no key. Raises what `check_delivery` raises."""
    check_delivery(acting, deliver, vault_name)
    if deliver == "answer":
        yield
        return
    with exclusive(acting.home.rotation_lock):
        yield


@contextmanager
def kept(acting: Acting, entry: str | None, secret: str) -> Iterator[None]:
    """Puts a secret into the vault before it is made good for anything; what was there comes back where that fails."""
    if entry is None:
        yield
        return
    vault = acting.open_vault()
    before = vault.get(entry)
    vault.set(entry, secret)
    try:
        yield
    except BaseException:
        if before is None:
            vault.delete(entry)
        else:
            vault.set(entry, before)
        raise


def forget_replaced(vault: Vault, key_id: str, entry: str | None) -> None:
    """Takes older secrets of a key out of the vault, but for that entry. To be called when it has a new one.

    The rotation has happened by then: a vault that fails is told in the log, and the next rotation tries again.
    """
    try:
        for name in vault.names():
            if name.startswith(entry_of(key_id, "")) and name != entry:
                vault.delete(name)
    except VaultError as error:
        log.warning("an old secret of key %s is still in the vault: %s", key_id, error)
