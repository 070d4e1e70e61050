"""Kept replies: how many there are, and which are not to be given any more. Workers have them; a gateway must run."""

from typing import Any

import msgspec

from gatewatch.actions.acting import Acting, Gateway
from gatewatch.actions.action import action
from gatewatch.authority.permissions import Permission
from gatewatch.errors import Unreachable, UsageError
from gatewatch.keys.secret_shapes import shown

_NOT_ADDED = ("worker", "shared_away")


class CacheStats(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Takes nothing."""


class InvalidateCache(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Replies of which all that is said is true; or `everything`."""

    route: str | None = None
    model: str | None = None
    """As asked for, or `provider/model` as answered."""
    tag: str | None = None
    team: str | None = None
    everything: bool = False


@action("cache.stats", Permission.LIVE_READ, CacheStats, changes=False)
def stats(acting: Acting, asked: CacheStats) -> list[dict[str, Any]]:
    """One row for each worker, and one for all of them, whose `worker` is `all`. Counts are since the worker's start.

    Raises Unreachable where no gateway runs.
    """
    del asked
    workers = _running(acting).live()["workers"]
    rows = [{"worker": str(worker["pid"]), **worker["cache"]} for worker in workers]
    names = [name for name in rows[0] if name not in _NOT_ADDED] if rows else []
    total = {"worker": "all"} | {name: sum(row[name] for row in rows) for name in names}
    away = next((row["shared_away"] for row in rows if row["shared_away"]), None)
    return [*rows, total | {"shared_away": away}] if rows else []


@action("cache.invalidate", Permission.CACHE_INVALIDATE, InvalidateCache, changes=True)
def invalidate(acting: Acting, asked: InvalidateCache) -> dict[str, Any]:
    """How many replies are not given any more, and how many of the workers have said so.

    Replies that are being bought are not kept either. Raises UsageError, Unreachable where no gateway runs.
    """
    said = {name: value for name, value in msgspec.structs.asdict(asked).items() if value and name != "everything"}
    if bool(said) == asked.everything:
        raise UsageError(
            "Say which replies: by route, model, tag, team, or all of them.",
            "for example `gatewatch cache invalidate --route support-bot`",
        )
    done = _running(acting).invalidate_cache(said)
    target = ", ".join(f"{name} {shown(value)}" for name, value in said.items()) or "all"
    acting.store.audit("cache.invalidate", target, invalidated=done["invalidated"], workers=done["workers"])
    return done


def _running(acting: Acting) -> Gateway:
    if acting.gateway is None:
        raise Unreachable("No gateway runs, and replies are kept by its workers alone.", "A start begins without any.")
    return acting.gateway
