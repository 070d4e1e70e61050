"""Which keys are meant: those that are named, or all that a description fits."""

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.keys.use import LONGEST_US, Use, use_since
from gatewatch.authority.permissions import Permission
from gatewatch.control.records import KeyRecord, SecretRecord
from gatewatch.errors import GatewatchError, UsageError
from gatewatch.keys.token import Kind


class KeysMeant(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Keys by name or id, or by everything that is given of the rest; only those that can still be used."""

    keys: tuple[str, ...] = ()
    team: str | None = None
    owner: str | None = None
    """A user, a service or a project."""
    service: str | None = None
    kind: Kind | None = None
    older_than_us: int | None = None
    """Since the current secret was made."""
    unused_for_us: int | None = None
    """Since the last use, or the making where there was none."""


def keys_meant(acting: Acting, meant: KeysMeant) -> list[KeyRecord]:
    """Each key once. Described keys leave out the one that the actor came with, and admin keys it has no right to.

    Raises NotFound for a named key that does not exist, UsageError where nothing or both is given, GatewatchError
    where the ledger cannot say which are unused.
    """
    described = [name for name in KeysMeant.__struct_fields__[1:] if getattr(meant, name) is not None]
    if bool(meant.keys) == bool(described):
        raise UsageError("which keys are meant?", "name them, or describe them with --team, --owner, --older-than, …")
    if meant.keys:
        return list({record.id: record for record in map(acting.key, meant.keys)}.values())
    now = acting.store.clock()
    found = [
        record
        for record in acting.keys(meant.team)
        if record.state(now) == "active"
        and record.id != acting.actor.key_id
        and (record.kind == "client" or acting.actor.may(Permission.ADMIN_KEYS_MANAGE))
        and _fits(acting, meant, record, now)
    ]
    return found if meant.unused_for_us is None else _unused(acting, found, meant.unused_for_us)


def _unused(acting: Acting, records: list[KeyRecord], span_us: int) -> list[KeyRecord]:
    """Those of which the ledger knows no use either. Raises GatewatchError where it cannot be asked."""
    use = used_within(acting, records, span_us)
    if use.unknown is not None:
        raise GatewatchError(f"which keys are unused is not known: {use.unknown}", "name the keys that are meant")
    return [record for record in records if record.id not in use.by_key]


def used_within(acting: Acting, records: list[KeyRecord], span_us: int) -> Use:
    """What the ledger knows of their use in that time: more than the store, which may not have taken a last use."""
    span_us = max(0, min(span_us, LONGEST_US))
    return use_since(acting, [record.id for record in records], acting.store.clock() - span_us)


def _fits(acting: Acting, meant: KeysMeant, record: KeyRecord, now: int) -> bool:
    return (
        (meant.owner is None or belongs_to(record, meant.owner))
        and (meant.service is None or record.service == meant.service)
        and (meant.kind is None or record.kind == meant.kind)
        and (meant.older_than_us is None or now - secret_made(acting, record) > meant.older_than_us)
        and (meant.unused_for_us is None or unused_for(record, now) > meant.unused_for_us)
    )


def belongs_to(record: KeyRecord, owner: str) -> bool:
    return owner in (record.user, record.service, record.project)


def unused_for(record: KeyRecord, now: int) -> int:
    """µs since the last use, or since the making."""
    return now - (record.last_used_at or record.created_at)


def secret_made(acting: Acting, record: KeyRecord) -> int:
    """When the current secret was made (µs)."""
    return max((secret.created_at for secret in acting.store.secrets(record.id)), default=record.created_at)


def in_grace(secrets: list[SecretRecord], now: int) -> list[SecretRecord]:
    """The replaced secrets that still work."""
    return [secret for secret in secrets if secret.valid_until is not None and secret.is_valid(now)]
