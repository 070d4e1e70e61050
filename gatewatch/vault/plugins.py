"""Vaults on other machines, each in a module or package of its own, imported when it is opened.

A plug-in is an entry point of the group `gatewatch.vaults`: a function of the options (`vault_options` of the
configuration, all text; secrets in them are references) and the reason that returns a `Vault`, and raises VaultError
where it cannot be reached or the options do not fit. It may be called in several processes at once.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import cast

from gatewatch.errors import GatewatchError
from gatewatch.keys.secret_shapes import shown
from gatewatch.redact import redact
from gatewatch.safe_text import safe
from gatewatch.vault.interface import Vault, VaultError
from gatewatch.vault.kinds import GROUP, OURS_TO_PLUG_IN

Opens = Callable[[Mapping[str, str], str], Vault]


def plugged_in(kind: str, options: Mapping[str, str], reason: str) -> Vault:
    """Raises VaultError where there is no such plug-in here, or it does not open."""
    try:
        return _found(kind)(options, reason)
    except GatewatchError:
        raise
    except Exception as error:  # noqa: BLE001 - a plug-in of others may raise anything, with anything in it
        raise VaultError(
            f"the vault {shown(kind)} does not open: {safe(redact(f'{type(error).__name__}: {error}'), 200)}",
            "see vault_options in the configuration",
        ) from None


def _found(kind: str) -> Opens:
    if kind in OURS_TO_PLUG_IN:
        module, _, function = OURS_TO_PLUG_IN[kind].partition(":")
        return cast(Opens, getattr(importlib.import_module(module), function))
    from importlib.metadata import entry_points

    for point in entry_points(group=GROUP, name=kind):
        return cast(Opens, point.load())
    raise VaultError(f"the vault {shown(kind)} needs a plug-in that is not installed", f"one in the group {GROUP}")
