"""Virtual keys: made, rotated, revoked, listed."""

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.authority.permissions import Permission, RoleName
from gatewatch.control.records import KeyRecord
from gatewatch.errors import NotFound
from gatewatch.keys.token import Environment, Kind
from gatewatch.timespan import iso

DEFAULT_GRACE_US = 10 * 60 * 1_000_000


class CreateKey(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A key as it is asked for; times are µs since the epoch, UTC."""

    name: str
    team: str
    create_team: bool = False
    project: str | None = None
    user: str | None = None
    service: str | None = None
    environment: Environment = "live"
    kind: Kind = "client"
    role: RoleName | None = None
    all_teams: bool | None = None
    models: tuple[str, ...] | None = None
    routes: tuple[str, ...] | None = None
    dialects: tuple[str, ...] | None = None
    networks: tuple[str, ...] | None = None
    max_uses: int | None = None
    max_tokens: int | None = None
    max_picos: int | None = None
    expires_at: int | None = None


class OneKey(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A key by its id, its name or the beginning of its id."""

    key: str


class RotateKey(OneKey, kw_only=True):
    grace_us: int = DEFAULT_GRACE_US
    """How long the old secret is good for beside the new one."""
    rotation_id: str | None = None
    """Makes the rotation happen once, however often it is asked for."""


class ListKeys(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    team: str | None = None


@action("keys.create", Permission.KEYS_CREATE, CreateKey, changes=True)
def create(acting: Acting, asked: CreateKey) -> dict[str, object]:
    """The key and its secret, this once."""
    if asked.kind == "admin":
        acting.require(Permission.ADMIN_KEYS_MANAGE)
    if not asked.create_team:
        _know_team(acting, asked.team)
    fields = {name: value for name, value in msgspec.structs.asdict(asked).items() if name != "name"}
    record, secret = acting.store.create_key(asked.name, pepper=acting.pepper(), **fields)
    return view(record, acting.store.clock()) | {"secret": secret}


@action("keys.rotate", Permission.KEYS_ROTATE, RotateKey, changes=True)
def rotate(acting: Acting, asked: RotateKey) -> dict[str, object]:
    """The key and its new secret, this once."""
    record = acting.key(asked.key)
    rotated = acting.store.rotate_key(
        record.id, pepper=acting.pepper(), grace_us=asked.grace_us, rotation_id=asked.rotation_id
    )
    return view(rotated.key, acting.store.clock()) | {"version": rotated.current.version, "secret": rotated.secret}


@action("keys.revoke", Permission.KEYS_REVOKE, OneKey, changes=True)
def revoke(acting: Acting, asked: OneKey) -> dict[str, object]:
    return view(acting.store.revoke_key(acting.key(asked.key).id), acting.store.clock())


@action("keys.list", Permission.KEYS_VIEW, ListKeys, changes=False)
def listed(acting: Acting, asked: ListKeys) -> list[dict[str, object]]:
    return [view(record, acting.store.clock()) for record in acting.keys(asked.team)]


@action("keys.show", Permission.KEYS_VIEW, OneKey, changes=False)
def show(acting: Acting, asked: OneKey) -> dict[str, object]:
    return view(acting.store.key(asked.key, within=acting.actor.team), acting.store.clock())


def view(record: KeyRecord, now: int) -> dict[str, object]:
    """A key as every face shows it: times in ISO 8601 UTC, missing is null."""
    fields = msgspec.structs.asdict(record)
    for name in ("created_at", "expires_at", "revoked_at", "last_used_at"):
        fields[name] = None if fields[name] is None else iso(fields[name])
    return fields | {"state": record.state(now)}


def _know_team(acting: Acting, team: str) -> None:
    """Raises NotFound unless the store or the configuration file has the team, and it is within reach."""
    try:
        acting.check_reach(team)
    except NotFound:
        if not acting.actor.reaches(team) or team not in acting.declared_teams():
            raise
        acting.store.declare_team(team)
