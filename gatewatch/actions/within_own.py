"""What an actor makes is never more than the actor has: CVE-2026-47101's lesson, for every field of a key.

Keeps true: whatever exceeds the creator is refused with the field named, never cut in silence; what was left out is
inherited (a role: an admin's at most). So no chain of keys that make keys ever ends with more than it began with. An
admin key of all teams is bound to no team or project; a live key may make test keys, a test key makes test keys only.
"""

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from operator import eq, ge
from typing import Any, TypeVar

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.authority.permissions import ROLE_NUMBERS, RoleName
from gatewatch.control.key_scope import checked_networks
from gatewatch.control.records import KeyRecord
from gatewatch.errors import NotAllowed
from gatewatch.routing.data_class import DATA_CLASSES, DataClass
from gatewatch.routing.region import lies_in

Asked = TypeVar("Asked", bound=msgspec.Struct)


def within_own(acting: Acting, asked: Asked) -> Asked:
    """What is asked for in a new key (`CreateKey`'s fields), with what was left out of it (None) inherited.

    Raises NotAllowed naming the first field that exceeds the actor, UsageError for what is no network.
    """
    fields = msgspec.structs.asdict(asked)
    inherited: dict[str, Any] = {}
    for name, limit in limits(acting).items():
        if name == "role" and fields["kind"] != "admin":
            continue
        if name == "role" and fields[name] is None:  # an admin's, where the actor has as much
            inherited[name] = "admin" if role_within(limit, "admin") else limit
            continue
        if name == "owner":
            _check(acting, name, limit, (fields["user"], fields["service"]) if _owned(fields) else limit)
            inherited |= dict(zip(("user", "service"), limit, strict=True))
        elif fields[name] is None:
            inherited[name] = limit
        else:
            _check(acting, name, limit, fields[name])
    return msgspec.structs.replace(asked, **inherited)


def check_within_own(acting: Acting, record: KeyRecord) -> None:
    """Raises NotAllowed, naming a field, where the key as it stands, or would stand, is more than the actor has.

    For keys that are edited (as they would be then) and those whose secret the actor would be shown (rotated).
    """
    fields = msgspec.structs.asdict(record) | {"owner": (record.user, record.service)}
    for name, limit in limits(acting).items():
        if name != "role" or record.kind == "admin":
            _check(acting, name, limit, fields[name])


def limits(acting: Acting) -> dict[str, Any]:
    """Field → the most that the actor may give; what is not there is not limited. `owner`: user and service."""
    own = acting.own_key()
    if own is None:
        return {"role": acting.actor.role}
    found: dict[str, Any] = {"role": own.role}
    if not own.all_teams:
        found |= {"all_teams": False, "team": own.team}
        if own.project is not None:
            found["project"] = own.project
    if own.environment == "test":
        found["environment"] = "test"
    if own.user is not None or own.service is not None:
        found["owner"] = (own.user, own.service)
    return found | {name: limit for name in _BOUNDS if (limit := getattr(own, name)) is not None}


def role_within(most: RoleName, role: RoleName) -> bool:
    """Whether a role is no higher than another."""
    return ROLE_NUMBERS[role] <= ROLE_NUMBERS[most]


def _covers_networks(most: tuple[str, ...], asked: tuple[str, ...]) -> bool:
    own = [ip_network(network) for network in most]
    return all(_lies_in(ip_network(network), own) for network in checked_networks(tuple(asked)))


def _lies_in(network: IPv4Network | IPv6Network, own: list[IPv4Network | IPv6Network]) -> bool:
    if isinstance(network, IPv4Network):
        return any(network.subnet_of(o) for o in collapse_addresses([o for o in own if isinstance(o, IPv4Network)]))
    return any(network.subnet_of(o) for o in collapse_addresses([o for o in own if isinstance(o, IPv6Network)]))


def _in_region(most: str, asked: str) -> bool:
    return most == asked or lies_in(asked, most)


def _as_sensitive(least: DataClass, asked: str) -> bool:
    return asked in DATA_CLASSES and DATA_CLASSES.index(asked) >= DATA_CLASSES.index(least)


_BOUNDS: dict[str, Callable[[Any, Any], bool]] = {
    "networks": _covers_networks,
    "expires_at": ge,
    "region": _in_region,
    "data_class": _as_sensitive,
}
"""Fields whose None stands for no bound. Models, routes, dialects and caps are of calls: no admin key has them."""

_FITS: dict[str, Callable[[Any, Any], bool]] = _BOUNDS | {
    "role": role_within,
    "all_teams": ge,
    "team": eq,
    "project": eq,
    "environment": eq,
    "owner": eq,
}
"""Whether what the actor has (first) covers what is asked for (second)."""


def _owned(fields: dict[str, Any]) -> bool:
    return fields["user"] is not None or fields["service"] is not None


def _check(acting: Acting, name: str, limit: Any, value: Any) -> None:
    if value is None or not _FITS[name](limit, value):
        raise NotAllowed(
            f"{_WORDS.get(name, name)}: more than {acting.actor.id} has itself, which is {_shown(limit)}",
            "ask for less, or ask somebody who has more",
        )


_WORDS = {"owner": "user or service"}


def _shown(limit: Any) -> str:
    if isinstance(limit, tuple):
        return ", ".join(str(each) for each in limit if each is not None)
    return str(limit)
