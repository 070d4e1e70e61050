"""A virtual key as every face shows it, and how one is named in what is asked."""

from typing import Any

import msgspec

from gatewatch.control.records import LISTS, KeyRecord, SecretRecord
from gatewatch.money import usd_text
from gatewatch.timespan import iso


class OneKey(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A key by its id, its name or the beginning of its id."""

    key: str


def view(record: KeyRecord, now: int) -> dict[str, Any]:
    """JSON values: times in ISO 8601 UTC, money as a decimal string in USD, missing is null."""
    fields: dict[str, Any] = msgspec.to_builtins(record)
    for name in ("created_at", "expires_at", "revoked_at", "last_used_at"):
        fields[name] = when(fields[name])
    for name in LISTS:
        fields[name] = None if fields[name] is None else list(fields[name])
    picos = fields.pop("max_picos")
    return fields | {"max_usd": None if picos is None else usd_text(picos), "state": record.state(now)}


def secret_view(secret: SecretRecord, now: int) -> dict[str, Any]:
    """One version of a key's secret: `current`, in its `grace`, or `ended`."""
    state = "current" if secret.valid_until is None else "grace" if secret.is_valid(now) else "ended"
    return {
        "version": secret.version,
        "kid": secret.kid,
        "state": state,
        "valid_until": when(secret.valid_until or None),
        "created_at": when(secret.created_at),
        "created_by": secret.created_by,
        "last_used_at": when(secret.last_used_at),
        "rotation_id": secret.rotation_id,
    }


def when(at: int | None) -> str | None:
    return None if at is None else iso(at)
