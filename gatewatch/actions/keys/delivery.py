"""Where a new secret goes: into the answer, this once, or into the vault, where nobody is shown it.

Keeps true: without the right to copy secrets an answer never holds one, and an entry of the vault is never replaced.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from gatewatch.actions.acting import Acting
from gatewatch.authority.permissions import Permission
from gatewatch.control.exclusive import exclusive
from gatewatch.errors import UsageError
from gatewatch.vault.references import SecretError, checked_vault_name

Deliver = Literal["answer", "vault"]


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
    if vault_name in acting.open_vault().names():
        raise UsageError(f"the vault has an entry {vault_name!r} already", "choose another name")


@contextmanager
def delivering(acting: Acting, deliver: Deliver, vault_name: str | None) -> Iterator[None]:
    """For one deed: what `check_delivery` found holds until its end. Raises what that raises."""
    if deliver == "answer":
        check_delivery(acting, deliver, vault_name)
        yield
        return
    with exclusive(acting.home.rotation_lock):
        check_delivery(acting, deliver, vault_name)
        yield


@contextmanager
def kept(acting: Acting, entry: str | None, secret: str) -> Iterator[None]:
    """Puts a secret into the vault before it is made good for anything, and takes it out again where that fails."""
    if entry is None:
        yield
        return
    vault = acting.open_vault()
    vault.set(entry, secret)
    try:
        yield
    except BaseException:
        vault.delete(entry)
        raise
