"""Deferred calls as operators see them: which wait, which have ended, and their end before that. Not what they say."""

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.authority.permissions import Permission
from gatewatch.control.records import now_us
from gatewatch.deferred.entry import Entry
from gatewatch.deferred.store import DeferredStore
from gatewatch.errors import GatewatchError, NotFound
from gatewatch.keys.secret_shapes import shown
from gatewatch.timespan import iso

T = TypeVar("T")

MOST = 1000


class ListDeferred(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Of one team, or all within reach."""

    team: str | None = None
    limit: int = 100


class OneDeferred(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One call."""

    call_id: str


@action("deferred.list", Permission.DEFERRED_VIEW, ListDeferred, changes=False)
def listing(acting: Acting, asked: ListDeferred) -> list[dict[str, Any]]:
    """Those that wait and those whose replies are kept, the newest first. Raises NotFound for a team that is none."""
    if asked.team is not None:
        acting.check_reach(asked.team)
    team, most = asked.team or acting.actor.team, max(1, min(asked.limit, MOST))
    entries = _asked(acting, lambda store: store.listed(team, most)) or []
    return [_told(entry) for entry in entries if _reaches(acting, entry)]


@action("deferred.show", Permission.DEFERRED_VIEW, OneDeferred, changes=False)
def show(acting: Acting, asked: OneDeferred) -> dict[str, Any]:
    """One. Raises NotFound."""
    return _told(_found(acting, _asked(acting, lambda store: store.find(asked.call_id)), asked.call_id))


@action("deferred.cancel", Permission.DEFERRED_CANCEL, OneDeferred, changes=True)
def cancel(acting: Acting, asked: OneDeferred) -> dict[str, Any]:
    """One that waits is ended, and buys nothing more; the reply of one that has ended is deleted. Raises NotFound."""
    _found(acting, _asked(acting, lambda store: store.find(asked.call_id)), asked.call_id)
    before = _asked(acting, lambda store: store.cancel(asked.call_id, now_us()))
    after = _found(acting, _asked(acting, lambda store: store.find(asked.call_id)), asked.call_id)
    was = before.told if before else None
    acting.store.audit("deferred.cancel", asked.call_id, before={"status": was}, status=after.told)
    return _told(after)


def _asked(acting: Acting, work: Callable[[DeferredStore], T]) -> T | None:
    """None where nobody has ever deferred a call."""
    path = acting.home.deferred
    if not path.exists():
        return None
    try:
        store = DeferredStore(path)
        try:
            return work(store)
        finally:
            store.close()
    except (sqlite3.Error, OSError) as error:
        raise GatewatchError(f"{path} cannot be read: {error}", "see `gatewatch doctor`") from error


def _found(acting: Acting, entry: Entry | None, call_id: str) -> Entry:
    if entry is None or not _reaches(acting, entry):
        raise NotFound(
            f"there is no deferred call {shown(call_id)}", "`gatewatch deferred list` shows those that there are"
        )
    return entry


def _reaches(acting: Acting, entry: Entry) -> bool:
    actor = acting.actor
    is_own = entry.team is not None and actor.reaches(entry.team)
    return (actor.team is None or is_own) and (not actor.test_only or entry.environment == "test")


def _told(entry: Entry) -> dict[str, Any]:
    return {
        "call_id": entry.id,
        "status": entry.told,
        "way": entry.way,
        "accepted_at": iso(entry.accepted_at),
        "deadline": iso(entry.deadline),
        "ended_at": iso(entry.ended_at) if entry.ended_at else None,
        "team": entry.team,
        "key_id": entry.key_id,
        "route": entry.route,
        "target": f"{entry.provider}/{entry.model}",
        "tries": entry.tries,
        "bytes": entry.bytes,
    }
