"""A target that comes last because it missed its route's level is put in its place again: somebody knows better."""

from typing import Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.actions.routes.meant import changed, checked_reason
from gatewatch.authority.permissions import Permission
from gatewatch.control.shifts import Shifts
from gatewatch.errors import NotFound
from gatewatch.keys.secret_shapes import shown


class Restore(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    target: str
    """`provider/model`."""
    route: str | None = None
    """None: every route that it was shifted away from."""
    reason: str | None = None


@action("routes.restore", Permission.ROUTES_CHANGE, Restore, changes=True)
def restore(acting: Acting, asked: Restore) -> dict[str, Any]:
    """What was missed, by route. What failed up to now no longer counts against the target. Raises NotFound."""
    why = checked_reason(asked.reason) or "an operator said so"
    book, found = Shifts(acting.store), []
    for row in book.rows():
        is_meant = row.target == asked.target and asked.route in (None, row.route)
        if is_meant and book.take_back(row.route, row.target, why, forgive=True):
            found.append({"route": row.route, "misses": list(row.misses), "shifted_at": row.since, "why": row.text})
    if not found:
        of = f" on {shown(asked.route)}" if asked.route else ""
        raise NotFound(
            f"nothing is shifted away from {shown(asked.target)}{of}", "`gatewatch show routes` shows what is in force"
        )
    changed(acting)
    return {"target": asked.target, "restored": found}
