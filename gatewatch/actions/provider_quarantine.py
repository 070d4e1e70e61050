"""Keys of providers that are in quarantine: listed, and let out before their time."""

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.authority.permissions import Permission
from gatewatch.control.key_hold import KeyHold
from gatewatch.control.provider_quarantine import ProviderQuarantine
from gatewatch.errors import NotFound
from gatewatch.keys.secret_shapes import shown
from gatewatch.timespan import iso


class ListQuarantine(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: str | None = None
    """Of one provider only."""


class LiftQuarantine(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: str
    """A provider."""
    key: str | None = None
    """Which of its keys; None: each that is in quarantine."""


@action("providers.quarantine.list", Permission.PROVIDERS_VIEW, ListQuarantine, changes=False)
def listed(acting: Acting, asked: ListQuarantine) -> list[dict[str, object]]:
    """Oldest first."""
    holds = ProviderQuarantine(acting.store).holds()
    return [view(hold) for hold in holds if asked.name in (None, hold.provider)]


@action("providers.quarantine.lift", Permission.PROVIDERS_QUARANTINE, LiftQuarantine, changes=True)
def lift(acting: Acting, asked: LiftQuarantine) -> list[dict[str, object]]:
    """What was lifted: calls use it again from now on, and it goes back where the provider still refuses it."""
    quarantine = ProviderQuarantine(acting.store)
    meant = [
        hold for hold in quarantine.holds() if hold.provider == asked.name and asked.key in (None, hold.key_id)
    ]  # fmt: skip
    lifted = [hold for hold in meant if quarantine.lift(hold, "an operator lifted it")]
    if not lifted:
        which = f"the key {shown(asked.key)} of {shown(asked.name)}" if asked.key else f"a key of {shown(asked.name)}"
        raise NotFound(f"{which} is not in quarantine", "`gatewatch providers quarantined` lists those that are")
    if acting.gateway:
        acting.gateway.refresh()
    return [view(hold) for hold in lifted]


def view(hold: KeyHold) -> dict[str, object]:
    """As every face shows it: times in ISO 8601 UTC; `model` is null where it is held for all of them."""
    fields = msgspec.structs.asdict(hold)
    return fields | {"model": hold.model or None, "since": iso(hold.since), "until": iso(hold.until)}
