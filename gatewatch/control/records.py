"""The nouns of the control store as frozen structs.

Times are microseconds since the epoch, UTC; no field is a secret.
"""

import time
from typing import Any

import msgspec

from gatewatch.authority.permissions import RoleName
from gatewatch.keys.token import Environment, Kind
from gatewatch.routing.data_class import DataClass


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


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A program that calls under its own name. It belongs to one team for good."""

    name: str
    team: str
    created_at: int
    created_by: str


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One virtual key, without anything that could be used in its place. Its secrets come and go, it stays."""

    id: str
    """Public: the kid of its first secret."""
    name: str
    kind: Kind
    team: str
    project: str | None
    user: str | None = None
    """The person whose it is."""
    service: str | None = None
    """The program whose it is."""
    environment: Environment
    role: RoleName | None = None
    """What an admin key may do; None for client keys."""
    all_teams: bool = False
    """Whether an admin key may touch every team's things, not its own team's only."""
    models: tuple[str, ...] | None
    """The only models it may ask for; None: any."""
    routes: tuple[str, ...] | None = None
    """The only routes that its calls may take; None: any."""
    dialects: tuple[str, ...] | None = None
    """The only dialects it may speak; None: any."""
    networks: tuple[str, ...] | None = None
    """The only networks it may be used from, as CIDR; None: any."""
    region: str | None = None
    """The only area its calls may be answered in; None: any."""
    data_class: DataClass | None = None
    """How sensitive its calls are at least; None: not stated."""
    max_uses: int | None = None
    """Calls over its whole life."""
    max_tokens: int | None = None
    """Input and output tokens over its whole life."""
    max_picos: int | None = None
    """Picodollars over its whole life."""
    created_at: int
    created_by: str
    expires_at: int | None = None
    revoked_at: int | None = None
    revoked_by: str | None = None
    last_used_at: int | None = None

    def allows_model(self, model: str) -> bool:
        return self.models is None or model in self.models

    @property
    def is_capped(self) -> bool:
        """Whether its calls have to be counted before they are made."""
        return self.max_uses is not None or self.max_tokens is not None or self.max_picos is not None

    def state(self, now: int) -> str:
        """`active`, `expired` or `revoked` at `now` (µs)."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"


KEY_COLUMNS = ", ".join(KeyRecord.__struct_fields__)
"""The columns of `virtual_keys` that `key_record` reads, in its order."""

LISTS = ("models", "routes", "dialects", "networks")
"""Fields that the store keeps as JSON."""


def key_record(row: tuple[Any, ...]) -> KeyRecord:
    """A row of KEY_COLUMNS as a record. Raises ValueError where the row is not one of ours."""
    fields = dict(zip(KeyRecord.__struct_fields__, row, strict=True))
    for name in LISTS:
        if fields[name] is not None:
            fields[name] = msgspec.json.decode(fields[name])
    fields["all_teams"] = bool(fields["all_teams"])
    return msgspec.convert(fields, KeyRecord)


class SecretRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One secret of a key, as far as anyone may know it."""

    kid: str
    key_id: str
    version: int
    """1 for the first; each rotation adds one."""
    created_at: int
    created_by: str
    rotation_id: str | None = None
    valid_until: int | None = None
    """The end of its grace, once a newer one has replaced it."""
    last_used_at: int | None = None

    def is_valid(self, now: int) -> bool:
        """As far as the secret is concerned; the key has its own end."""
        return self.valid_until is None or now < self.valid_until


SECRET_COLUMNS = ", ".join(SecretRecord.__struct_fields__)


def secret_record(row: tuple[Any, ...]) -> SecretRecord:
    """A row of SECRET_COLUMNS as a record."""
    return msgspec.convert(dict(zip(SecretRecord.__struct_fields__, row, strict=True)), SecretRecord)


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
    role: str | None = None
    """What the actor's role was."""
    source: str | None = None
    """From where the actor came."""
    request_id: str | None = None


def now_us() -> int:
    """The wall clock in microseconds since the epoch, UTC."""
    return time.time_ns() // 1000
