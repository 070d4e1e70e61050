"""Keys that alerts have paused, and how each pause is ended."""

from typing import Any

from gatewatch.actions.acting import Acting
from gatewatch.control.alerts import Alerts
from gatewatch.timespan import iso

Pauses = dict[str, list[dict[str, str | None]]]


def pauses(acting: Acting) -> Pauses:
    """Id of a key → the alerts that have paused it: `alert` (ALERT|SUBJECT), `since` when, and the command to `lift`
    it."""
    found: Pauses = {}
    for row in Alerts(acting.store).rows():
        for effect in row.actions:
            if (effect.kind, effect.scope) == ("pause", "key"):
                found.setdefault(effect.name, []).append({"alert": row.id, "since": iso(row.since), "lift": row.lift})
    return found


def with_pauses(shown: dict[str, Any], known: Pauses) -> dict[str, Any]:
    """A key as it is shown, with the state `paused` where it would be active, and `paused_by`."""
    by = known.get(shown["id"], [])
    return shown | {"state": "paused" if by and shown["state"] == "active" else shown["state"], "paused_by": by}
