"""The entries that Gatewatch makes for itself, beside the provider keys of its operators.

Their names hold a slash, which no reference in a configuration can: what is ours is never sent to a provider.
"""

import secrets

PREFIX = "gatewatch/"

DELIVERED = "gatewatch/keys/"
"""Beginning of the entries that hold secrets of virtual keys, which their makers had put into the vault."""

NEEDED = ("gatewatch/pepper", "gatewatch/audit-key")
"""What no home can do without; a vault that can be written gets them when they are first used."""


def is_own(name: str) -> bool:
    return name.startswith(PREFIX)


def is_given(name: str) -> bool:
    """Whether a vault that is written from outside has to hold it: the rest changes while we work."""
    return name in NEEDED or not is_own(name)


def new_secret() -> str:
    """256 random bits as hex, the form of all that we make."""
    return secrets.token_bytes(32).hex()
