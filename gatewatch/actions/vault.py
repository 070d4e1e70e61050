"""The vault, as far as it may be shown: what it is, why, and the names of what it keeps."""

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.authority.permissions import Permission
from gatewatch.vault.own_entries import is_own


class ShowVault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Nothing to ask."""


@action("vault.show", Permission.VAULT_VIEW, ShowVault, changes=False)
def show(acting: Acting, _: ShowVault) -> dict[str, object]:
    """`keys`: those of providers; never a secret."""
    vault = acting.open_vault()
    backend, reason = vault.describe()
    return {"backend": backend, "reason": reason, "keys": [name for name in vault.names() if not is_own(name)]}
