"""Carries virtual keys from one home to another: what is known of them, never a secret or its digest."""

from typing import Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.actions.keys.create import CreateKey, fields_of, ready
from gatewatch.actions.keys.view import view
from gatewatch.authority.permissions import Permission, RoleName
from gatewatch.errors import UsageError
from gatewatch.keys.token import Environment, Kind
from gatewatch.money import picos_from_usd
from gatewatch.routing.data_class import DataClass
from gatewatch.timespan import parse_instant

CARRIED = (
    *("id", "name", "kind", "team", "project", "user", "service", "environment", "role", "all_teams"),
    *("models", "routes", "dialects", "networks", "region", "data_class"),
    *("max_uses", "max_tokens", "max_usd", "expires_at"),
)
"""What an exported key holds; what is null is left out."""


class ExportKeys(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    team: str | None = None


class CarriedKey(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A key as `keys.export` tells it."""

    id: str
    name: str
    team: str
    kind: Kind = "client"
    project: str | None = None
    user: str | None = None
    service: str | None = None
    environment: Environment = "live"
    role: RoleName | None = None
    all_teams: bool | None = None
    models: tuple[str, ...] | None = None
    routes: tuple[str, ...] | None = None
    dialects: tuple[str, ...] | None = None
    networks: tuple[str, ...] | None = None
    region: str | None = None
    data_class: DataClass | None = None
    max_uses: int | None = None
    max_tokens: int | None = None
    max_usd: str | None = None
    expires_at: str | None = None


class ImportKey(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    key: CarriedKey
    create_team: bool = False


@action("keys.export", Permission.KEYS_VIEW, ExportKeys, changes=False)
def export(acting: Acting, asked: ExportKeys) -> list[dict[str, Any]]:
    """The keys that can still be used, as `keys.import` takes them."""
    now = acting.store.clock()
    shown = [view(record, now) for record in acting.keys(asked.team) if record.state(now) == "active"]
    return [{name: each[name] for name in CARRIED if each[name] not in (None, False)} for each in shown]


@action("keys.import", Permission.KEYS_CREATE, ImportKey, changes=True)
def import_key(acting: Acting, asked: ImportKey) -> dict[str, Any]:
    """One key, under the id that it had: what refers to it goes on. `keys.rotate` gives it a secret.

    Asked again before it has one, it is imported once. Raises UsageError where there is another key of this id, or one
    with a secret.
    """
    ready_key = ready(acting, _as_asked(acting, asked))
    record = acting.store.import_key(asked.key.id, **fields_of(ready_key), create_team=ready_key.create_team)
    return view(record, acting.store.clock())


def _as_asked(acting: Acting, asked: ImportKey) -> CreateKey:
    fields = msgspec.structs.asdict(asked.key)
    del fields["id"]
    max_usd, expires_at = fields.pop("max_usd"), fields.pop("expires_at")
    try:
        max_picos = None if max_usd is None else picos_from_usd(max_usd)
        ends = None if expires_at is None else parse_instant(expires_at, acting.store.clock())
    except (ValueError, ArithmeticError) as error:
        raise UsageError(f"key {asked.key.id}: {error}", "as `gatewatch keys export` writes it") from None
    return CreateKey(**fields, max_picos=max_picos, expires_at=ends, create_team=asked.create_team)
