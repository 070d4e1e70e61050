"""The pepper: the key of the HMAC under which virtual keys are stored. One per home, 32 random bytes, in the vault.

The control store keeps a check value of it (of which it cannot be computed): a vault that lost its pepper, or has
another home's, is an error, instead of a gateway that refuses every key there is.
"""

import hmac
import re

from gatewatch.control.exclusive import exclusive
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from gatewatch.vault.interface import Vault, VaultError
from gatewatch.vault.own_entries import new_secret

NAME = "gatewatch/pepper"
"""No reference can name this entry: names in references hold no slash."""

CHECK = "pepper.check"

_SHAPE = re.compile("[0-9a-f]{64}")


def get_or_create_pepper(home: Home, store: ControlStore, vault: Vault) -> bytes:
    """The same 32 bytes in every process, also where several ask for them first at once. Raises VaultError."""
    pepper = _known(store, vault)
    if pepper is None:
        with exclusive(home.root):
            pepper = _known(store, vault)
            if pepper is None:
                made = new_secret()
                vault.set(NAME, made)
                pepper = bytes.fromhex(made)
                store.set_setting(CHECK, _check(pepper))
    return pepper


def _known(store: ControlStore, vault: Vault) -> bytes | None:
    kept, check = vault.get(NAME), store.setting(CHECK) or None
    if kept is None and check is None:
        return None
    pepper = bytes.fromhex(kept) if kept is not None and _SHAPE.fullmatch(kept) else b""
    if pepper and check is None:
        store.set_setting(CHECK, _check(pepper))
    elif not pepper or check != _check(pepper):
        raise lost()
    return pepper


def lost() -> VaultError:
    """The error of a vault without this home's pepper."""
    return VaultError(
        "the vault does not hold the pepper that this home's virtual keys were made with",
        "restore the vault from a backup; or start over with `gatewatch providers vault --use KIND --abandon`,"
        " which revokes every virtual key",
    )


def _check(pepper: bytes) -> str:
    return hmac.digest(pepper, b"gatewatch pepper check", "sha256").hex()[:16]
