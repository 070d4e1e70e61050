"""Revokes virtual keys: for good, everywhere, within a second."""

from typing import Any

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.actions.keys.view import OneKey, view
from gatewatch.authority.permissions import Permission


class RevokeKey(OneKey, kw_only=True):
    """A key that is to end."""


@action("keys.revoke", Permission.KEYS_REVOKE, RevokeKey, changes=True)
def revoke(acting: Acting, asked: RevokeKey) -> dict[str, Any]:
    """The key as it is then. Opens neither vault nor ledger: nothing stands in its way."""
    return view(acting.store.revoke_key(acting.key(asked.key).id), acting.store.clock())
