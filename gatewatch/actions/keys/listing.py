"""Lists virtual keys, and marks those that somebody should look at."""

from collections.abc import Container
from typing import Any, Literal

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.actions.keys.meant import belongs_to, in_grace, unused_for, used_within
from gatewatch.actions.keys.paused import pauses, with_pauses
from gatewatch.actions.keys.use import DAY_US
from gatewatch.actions.keys.view import view
from gatewatch.authority.permissions import Permission
from gatewatch.control.records import KeyRecord
from gatewatch.keys.token import Kind

EXPIRES_SOON_US = 7 * DAY_US
UNUSED_US = 30 * DAY_US
"""From when on a key is marked, unless the question says otherwise."""


class ListKeys(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Everything that is given must fit."""

    team: str | None = None
    state: Literal["active", "paused", "expired", "revoked"] | None = None
    kind: Kind | None = None
    owner: str | None = None
    """A user, a service or a project."""
    expiring_us: int | None = None
    """Those that end within so long."""
    unused_us: int | None = None
    """Those that have not been used for so long."""
    old_secrets: bool = False
    """Those of which a replaced secret still works."""


@action("keys.list", Permission.KEYS_VIEW, ListKeys, changes=False)
def listed(acting: Acting, asked: ListKeys) -> list[dict[str, Any]]:
    """Oldest first; `marks` of keys that are active or paused: an admin key's role and reach, `expiring`, `unused`,
    `old secret`."""
    now = acting.store.clock()
    rows = []
    records = acting.keys(asked.team)
    paused = pauses(acting)
    used = {} if asked.unused_us is None else used_within(acting, records, asked.unused_us).by_key
    for record in records:
        shown = with_pauses(view(record, now), paused)
        state = shown["state"]
        if asked.state not in (None, state) or asked.kind not in (None, record.kind):
            continue
        if asked.owner is not None and not belongs_to(record, asked.owner):
            continue
        marks = _marks(acting, record, asked, now, used) if state in ("active", "paused") else []
        wanted = [
            mark
            for mark, is_wanted in (
                ("expiring", asked.expiring_us is not None),
                ("unused", asked.unused_us is not None),
                ("old secret", asked.old_secrets),
            )
            if is_wanted
        ]
        if set(wanted) <= set(marks):
            rows.append(shown | {"marks": marks})
    return rows


def _marks(acting: Acting, record: KeyRecord, asked: ListKeys, now: int, used: Container[str]) -> list[str]:
    soon = EXPIRES_SOON_US if asked.expiring_us is None else asked.expiring_us
    long = UNUSED_US if asked.unused_us is None else asked.unused_us
    marks: list[str] = [] if record.role is None else [record.role]
    if record.all_teams:
        marks.append("all teams")
    if record.expires_at is not None and record.expires_at - now <= soon:
        marks.append("expiring")
    if unused_for(record, now) > long and record.id not in used:
        marks.append("unused")
    if in_grace(acting.store.secrets(record.id), now):
        marks.append("old secret")
    return marks
