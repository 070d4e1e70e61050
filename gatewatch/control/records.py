"""The nouns of the control store as frozen structs.

Times are microseconds since the epoch, UTC; no field is a secret.
"""

import time
from typing import Any

import msgspec

from gatewatch.keys.token import Environment, Kind


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """Whom calls are charged to."""

    name: str
    created_at: int
    created_by: str
    managed_by: str = "control"
    """`config` where the configuration file declares it: then nothing else may change it."""


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a team's work, known by the keys that belong to it."""

    team: str
    name: str
    created_at: int
    created_by: str


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One virtual key, without anything that could be used in its place."""

    kid: str
    name: str
    kind: Kind
    team: str
    project: str | None
    environment: Environment
    models: tuple[str, ...] | None
    """The only models it may ask for; None: any."""
    created_at: int
    created_by: str
    expires_at: int | None = None
    revoked_at: int | None = None
    revoked_by: str | None = None
    last_used_at: int | None = None

    def allows_model(self, model: str) -> bool:
        return self.models is None or model in self.models

    def state(self, now: int) -> str:
        """`active`, `expired` or `revoked` at `now` (µs)."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"


KEY_COLUMNS = ", ".join(KeyRecord.__struct_fields__)
"""The columns of `keys` that `key_record` reads, in its order."""


def key_record(row: tuple[Any, ...]) -> KeyRecord:
    """A row of KEY_COLUMNS as a record. Raises ValueError where the row is not one of ours."""
    fields = dict(zip(KeyRecord.__struct_fields__, row, strict=True))
    if fields["models"] is not None:
        fields["models"] = msgspec.json.decode(fields["models"])
    return msgspec.convert(fields, KeyRecord)


class ProviderKeyNote(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one provider key in the vault: never the key, nor a part of it."""

    name: str
    version: int
    """Rises each time it is set: tells an old key from a new one."""
    set_at: int
    set_by: str


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was done or refused, and by whom."""

    seq: int
    at: int
    actor: str
    action: str
    target: str
    before: dict[str, object] | None
    after: dict[str, object] | None
    result: str


def now_us() -> int:
    """The wall clock in microseconds since the epoch, UTC."""
    return time.time_ns() // 1000
