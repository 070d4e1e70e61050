"""An audit entry as an event of the Open Cybersecurity Schema Framework: class 6003, API Activity."""

from typing import Any

import msgspec

from gatewatch import __version__
from gatewatch.audit.deeds import Kind, address_in, kind_of
from gatewatch.audit.record import Record
from gatewatch.audit.times import with_times
from gatewatch.safe_text import safe

SCHEMA_VERSION = "1.3.0"
CLASS, CATEGORY = 6003, 6

_ACTIVITIES: dict[Kind, tuple[int, str]] = {
    "create": (1, "Create"),
    "read": (2, "Read"),
    "update": (3, "Update"),
    "delete": (4, "Delete"),
    "other": (99, "Other"),
}


def ocsf(record: Record, hash: str | None, seal: str | None) -> dict[str, Any]:
    """JSON values; times in ms since the epoch, as the schema has them."""
    activity, activity_name = _ACTIVITIES[kind_of(record.action)]
    is_ok = record.result == "ok"
    address = address_in(record.source)
    event: dict[str, Any] = {
        "category_uid": CATEGORY,
        "category_name": "Application Activity",
        "class_uid": CLASS,
        "class_name": "API Activity",
        "activity_id": activity,
        "activity_name": activity_name if activity != 99 else record.action,
        "type_uid": CLASS * 100 + activity,
        "type_name": f"API Activity: {activity_name}",
        "time": record.at // 1000,
        "severity_id": 1 if is_ok else 3,
        "severity": "Informational" if is_ok else "Medium",
        "status_id": 1 if is_ok else 2,
        "status": "Success" if is_ok else "Failure",
        "metadata": {
            "version": SCHEMA_VERSION,
            "product": {"name": "Gatewatch", "vendor_name": "Gatewatch", "version": __version__},
            "log_name": "audit",
            "sequence": record.seq,
            "uid": str(record.seq),
        },
        "actor": {"user": _without_nothing({"name": record.actor, "uid": record.actor, "type": record.role})},
        "src_endpoint": {"ip": address} if address else {"name": record.source or "unknown"},
        "api": _without_nothing(
            {
                "operation": record.action,
                "request": None if record.request_id is None else {"uid": record.request_id},
            }
        ),
        "resources": [{"name": record.target, "type": record.action.partition(".")[0]}],
        "unmapped": {
            "before": with_times(msgspec.json.decode(record.before)),
            "after": with_times(msgspec.json.decode(record.after)),
            "hash": hash,
            "seal": seal,
        },
    }
    if not is_ok:
        event["status_detail"] = record.result
    clean: dict[str, Any] = _clean(event)
    return clean


def _without_nothing(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _clean(value: Any) -> Any:
    match value:
        case str():
            return safe(value)
        case dict():
            return {safe(name): _clean(item) for name, item in value.items()}
        case list():
            return [_clean(item) for item in value]
    return value
