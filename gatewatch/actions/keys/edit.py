"""Edits virtual keys: their limits, their end, their name, their owner. Never their kind, team or environment."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.actions.keys.view import OneKey, view
from gatewatch.actions.within_own import check_within_own
from gatewatch.authority.permissions import Permission
from gatewatch.control.key_changes import EDITABLE
from gatewatch.errors import UsageError
from gatewatch.routing.data_class import DataClass


class EditKey(OneKey, kw_only=True):
    """What is left out stays as it is; null takes a limit or an owner away."""

    name: str | UnsetType = UNSET
    project: str | UnsetType | None = UNSET
    user: str | UnsetType | None = UNSET
    service: str | UnsetType | None = UNSET
    models: tuple[str, ...] | UnsetType | None = UNSET
    routes: tuple[str, ...] | UnsetType | None = UNSET
    dialects: tuple[str, ...] | UnsetType | None = UNSET
    networks: tuple[str, ...] | UnsetType | None = UNSET
    region: str | UnsetType | None = UNSET
    data_class: DataClass | UnsetType | None = UNSET
    max_uses: int | UnsetType | None = UNSET
    max_tokens: int | UnsetType | None = UNSET
    max_picos: int | UnsetType | None = UNSET
    expires_at: int | UnsetType | None = UNSET
    ttl_us: int | UnsetType = UNSET
    """From now on, by the gateway's clock; instead of `expires_at`."""


@action("keys.edit", Permission.KEYS_EDIT, EditKey, changes=True)
def edit(acting: Acting, asked: EditKey) -> dict[str, Any]:
    """The key as it is then. Raises NotAllowed where it would be more than the actor has."""
    record = acting.key(asked.key)
    fields = msgspec.structs.asdict(asked)
    changes = {name: fields[name] for name in EDITABLE if fields[name] is not UNSET}
    if asked.ttl_us is not UNSET:
        changes["expires_at"] = acting.store.clock() + asked.ttl_us
    if not changes:
        raise UsageError("nothing is to be changed", "say what, as in --max-uses 100 or --expires 30d")
    edited = acting.store.edit_key(record.id, changes, lambda would_be: check_within_own(acting, would_be))
    return view(edited, acting.store.clock())
