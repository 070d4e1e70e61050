"""A firing as the world outside reads it: one JSON object, the same in the log and for webhooks.

Keeps true: texts are harmless on a terminal and bounded; times are ISO 8601 UTC.
"""

import hashlib

from gatewatch.safe_text import safe
from gatewatch.timespan import iso
from proxy.control.alerting.firing import Firing

MOST_TEXT = 2000
MOST_NAME = 300


def told(firing: Firing, gateway: str) -> dict[str, object]:
    """`gateway`: the name of the one that says it."""
    return {
        "id": safe(firing.id, MOST_NAME),
        "alert": safe(firing.alert, MOST_NAME),
        "subject": safe(firing.subject, MOST_NAME),
        "state": firing.state,
        "severity": firing.severity,
        "value": safe(firing.value, MOST_NAME),
        "threshold": safe(firing.threshold, MOST_NAME),
        "since": iso(firing.since),
        "at": iso(firing.at),
        "text": safe(firing.text, MOST_TEXT),
        "actions": [safe(action, MOST_NAME) for action in firing.actions[:20]],
        "gateway": safe(gateway, MOST_NAME),
    }


def message_id(firing: Firing, gateway: str) -> str:
    """The same each time that this is told, so that a receiver takes it once."""
    parts = "\0".join((gateway, firing.id, firing.state, str(firing.since), str(firing.at)))
    return f"msg_{hashlib.sha256(parts.encode(errors='replace')).hexdigest()[:32]}"
