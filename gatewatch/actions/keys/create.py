"""Makes virtual keys."""

from typing import Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.actions.keys.delivery import Deliver, delivering, entry_of, kept
from gatewatch.actions.keys.view import view
from gatewatch.actions.within_own import within_own
from gatewatch.authority.permissions import Permission, RoleName
from gatewatch.errors import NotFound, UsageError
from gatewatch.keys import token
from gatewatch.keys.token import Environment, Kind
from gatewatch.routing.data_class import DataClass


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
    region: str | None = None
    data_class: DataClass | None = None
    max_uses: int | None = None
    max_tokens: int | None = None
    max_picos: int | None = None
    expires_at: int | None = None
    ttl_us: int | None = None
    """How long it is to live, by the gateway's clock; instead of `expires_at`."""
    deliver: Deliver = "answer"
    vault_name: str | None = None
    """Under which name the vault keeps the secret, beside the key's id."""


NOT_OF_THE_KEY = ("create_team", "ttl_us", "deliver", "vault_name")


@action("keys.create", Permission.KEYS_CREATE, CreateKey, changes=True)
def create(acting: Acting, asked: CreateKey) -> dict[str, Any]:
    """The key and its secret, this once; null where it went into the vault, whose entry `vault` names."""
    asked = ready(acting, asked)
    with delivering(acting, asked.deliver, asked.vault_name):
        pepper = acting.pepper()
        secret = token.mint(asked.kind, asked.environment)
        kid = token.parse(secret)
        assert kid is not None
        entry = None if asked.vault_name is None else entry_of(kid, asked.vault_name)
        with kept(acting, entry, secret):
            record, _ = acting.store.create_key(
                **fields_of(asked), create_team=asked.create_team, pepper=pepper, secret=secret
            )
    shown = view(record, acting.store.clock())
    if asked.deliver == "vault":
        return shown | {"secret": None, "vault": entry}
    return shown | {"secret": secret}


def ready(acting: Acting, asked: CreateKey) -> CreateKey:
    """What may be made of what is asked for: within what the actor has, with a team that there is or may be made.

    Raises NotAllowed, NotFound, UsageError.
    """
    if asked.kind == "admin":
        acting.require(Permission.ADMIN_KEYS_MANAGE)
    if asked.ttl_us is not None:
        if asked.expires_at is not None:
            raise UsageError("a key has one end", "give a length of life or a time")
        if asked.ttl_us <= 0:
            raise UsageError("the key would have expired already", "give it a longer life")
        asked = msgspec.structs.replace(asked, expires_at=acting.store.clock() + asked.ttl_us, ttl_us=None)
    asked = within_own(acting, asked)
    return msgspec.structs.replace(asked, create_team=not _know_team(acting, asked.team, asked.create_team))


def fields_of(asked: CreateKey) -> dict[str, Any]:
    """What is asked for of the key itself."""
    return {name: value for name, value in msgspec.structs.asdict(asked).items() if name not in NOT_OF_THE_KEY}


def _know_team(acting: Acting, team: str, create_team: bool) -> bool:
    """Whether there is the team, also as the configuration file declares it.

    Raises NotFound where there is none and none may be made, or it is out of reach.
    """
    try:
        acting.check_reach(team)
    except NotFound:
        if not acting.actor.reaches(team):
            raise
        if team in acting.declared_teams():
            acting.store.declare_team(team)
            return True
        if not create_team or acting.actor.test_only:
            raise
        acting.require(Permission.TEAMS_CREATE)
        return False
    return True
