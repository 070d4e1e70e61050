"""What the fields of a virtual key may hold, whether it is new, edited or imported."""

from collections.abc import Mapping
from typing import Any

from gatewatch.control.key_scope import checked_data_class, checked_dialects, checked_networks, checked_region
from gatewatch.control.names import checked_models, checked_name
from gatewatch.control.records import KeyRecord
from gatewatch.errors import UsageError

_NAMED = {"name": "key", "team": "team", "project": "project", "user": "user", "service": "service"}
_LISTED = {
    "models": checked_models,
    "routes": checked_models,
    "dialects": checked_dialects,
    "networks": checked_networks,
}
_STATED = {"region": checked_region, "data_class": checked_data_class}
_CAPPED = {"max_uses": "uses", "max_tokens": "tokens", "max_picos": "spend"}
_OF_CALLS = ("models", "routes", "dialects", *_CAPPED)
_LARGEST = 2**62
"""What is spent and what is held beside it then never add up to more than SQLite can count."""
_LAST = 253_402_214_400_000_000
"""9999-12-31 in µs: a later time cannot be written, so a key with one could not be shown, nor any list it stands in."""


def checked_fields(fields: Mapping[str, Any], now: int) -> dict[str, Any]:
    """Those fields as the store keeps them; None where there is nothing. Raises UsageError for what does not fit."""
    kept = dict(fields)
    for field, what in _NAMED.items():
        if kept.get(field) is not None:
            checked_name(what, kept[field])
    for field, check in _LISTED.items():
        if kept.get(field) is not None:
            kept[field] = check(tuple(kept[field]))
    for field, allowed in _STATED.items():
        if kept.get(field) is not None:
            kept[field] = allowed(kept[field])
    for field, what in _CAPPED.items():
        if kept.get(field) is not None and not 0 < kept[field] <= _LARGEST:
            raise UsageError(f"a cap on {what} must be more than 0 and have at most 18 digits", "leave it out for none")
    if kept.get("expires_at") is not None and kept["expires_at"] <= now:
        raise UsageError("the key would have expired already", "give --expires a time to come")
    if kept.get("expires_at") is not None and kept["expires_at"] > _LAST:
        raise UsageError("the key would end after the year 9999", "give --expires an earlier time, or none")
    return kept


def checked_key(record: KeyRecord) -> KeyRecord:
    """The key, where its fields go together. Raises UsageError."""
    if record.user is not None and record.service is not None:
        raise UsageError("a key is a person's or a service's, not both", "give --user or --service")
    if record.kind == "client" and (record.role is not None or record.all_teams):
        raise UsageError("only admin keys have a role", "add --kind admin, or leave the role out")
    if record.kind == "admin" and (idle := [name for name in _OF_CALLS if getattr(record, name) is not None]):
        raise UsageError(
            f"an admin key makes no calls, so {', '.join(idle)} would bound nothing",
            "leave that out; its networks and its end hold, as do its role, team, project and environment",
        )
    if record.all_teams and record.project is not None:
        raise UsageError("a key of all teams is bound to no project", "leave one of the two out")
    if record.role == "none":
        raise UsageError("an admin key without any right is of no use", "give it another role")
    return record
