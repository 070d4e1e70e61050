"""Keys of providers: put into the vault, and taken by the gateway that runs at once."""

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.authority.permissions import Permission
from gatewatch.control.provider_rotations import ProviderRotations
from gatewatch.errors import UsageError
from gatewatch.hidden import hides
from gatewatch.vault.references import checked_vault_name

LARGEST_KEY = 64 * 1024


@hides("secret")
class SetProviderKey(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: str
    """The configuration refers to it as `vault:NAME`."""
    secret: str


@action("providers.set_key", Permission.PROVIDERS_SET_KEY, SetProviderKey, changes=True)
def set_key(acting: Acting, asked: SetProviderKey) -> dict[str, object]:
    """`taken`: whether a gateway runs, and takes it now where its configuration refers to it."""
    checked_vault_name(asked.name)
    secret = asked.secret.strip()
    if not secret or len(secret) > LARGEST_KEY:
        raise UsageError("what was given cannot be a key", "give one of 1 to 65536 characters")
    if (rotation := ProviderRotations(acting.store).standing(asked.name)) is not None:
        raise UsageError(
            f"vault:{asked.name} is being rotated ({rotation.id}, {rotation.state} since {rotation.step})",
            f"`gatewatch providers rotate-key {rotation.provider} --resume` ends that, --cancel rolls it back,"
            " --abandon gives it up",
        )
    vault = acting.open_vault()
    vault.set(asked.name, secret)
    note = acting.store.note_provider_key(asked.name)
    if acting.gateway:
        acting.gateway.refresh()
    return {
        "name": note.name,
        "version": note.version,
        "vault": vault.describe().backend,
        "taken": acting.gateway is not None,
    }
