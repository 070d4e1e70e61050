"""What of the live state is whose business."""

from typing import Any

from gatewatch.authority.actor import Actor

_OF_ALL = ("version", "listen", "started_at")
_OF_WORKERS = ("pid", "config_version", "draining")


def live_for(actor: Actor, live: dict[str, Any]) -> dict[str, Any]:
    """All of it; for a key of one team only that the gateway is there: counts and alarms tell of other teams too."""
    if actor.team is None:
        return live
    config = live.get("config") or {}
    return {name: live[name] for name in _OF_ALL if name in live} | {
        "config": {"version": config.get("version")},
        "workers": [{name: worker[name] for name in _OF_WORKERS} for worker in live.get("workers", ())],
        "alarms": [],
        "team": actor.team,
    }
