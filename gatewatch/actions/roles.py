"""Roles of this machine's login users: listed, set, taken away. Admin keys bring theirs with them.

Keeps true: nobody gives a role that is higher than their own, nor changes whose role is higher; no key that ends, or is
held to networks, a region, a data class or test keys, leaves a role behind that is not.
"""

from typing import Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.actions.within_own import role_within
from gatewatch.authority.permissions import PERMISSIONS, ROLE_NUMBERS, Permission, RoleName
from gatewatch.control.operators import EVERYBODY, Operator
from gatewatch.errors import NotAllowed
from gatewatch.timespan import iso


class ListRoles(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All of them."""


class SetRole(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: str
    """A login user, or `*` for everybody who is not named."""
    role: RoleName | None
    """None: no role of their own."""


@action("roles.list", Permission.ROLES_VIEW, ListRoles, changes=False)
def listed(acting: Acting, asked: ListRoles) -> dict[str, Any]:
    """Who has which role, the account that owns the home first; and what each role may do."""
    del asked
    owner = acting.store.owner()
    rows = [] if owner is None else [_row(owner, "super-admin") | {"why": "owns the home"}]
    rows += [_set(operator) for operator in acting.store.operators() if operator.name != owner]
    if all(row["login"] != EVERYBODY for row in rows):
        rows.append(_row(EVERYBODY, "super-admin") | {"why": "nothing else was set"})
    return {
        "logins": rows,
        "roles": [
            {"role": role, "number": ROLE_NUMBERS[role], "permissions": sorted(PERMISSIONS[role])}
            for role in ROLE_NUMBERS
        ],
        "you": {"id": acting.actor.id, "role": acting.actor.role},
    }


@action("roles.set", Permission.ROLES_SET, SetRole, changes=True)
def set_role(acting: Acting, asked: SetRole) -> dict[str, Any]:
    """The role as it is then. Raises NotAllowed for a role beyond one's own, and where nobody would be left."""
    _check_lasts(acting)
    own, now = acting.actor.role, acting.store.role_of(asked.name)
    for role in (now, asked.role or acting.store.role_of(EVERYBODY)):
        if not role_within(own, role):
            raise NotAllowed(f"{acting.actor.id} has the role {own}: {role} is more", "ask a super-admin")
    if asked.role is None:
        acting.store.unset_role(asked.name)
        return _row(asked.name, acting.store.role_of(asked.name)) | {"before": now}
    return _set(acting.store.set_role(asked.name, asked.role)) | {"before": now}


_BOUND = {
    "expires_at": "ends by itself",
    "networks": "is bound to networks",
    "region": "makes keys of one region only",
    "data_class": "makes keys of a data class only",
}


def _check_lasts(acting: Acting) -> None:
    """Raises NotAllowed for a key that ends or is held somewhere: the role that it gave would not be."""
    key = acting.own_key()
    if key is None:
        return
    bound = next((why for name, why in _BOUND.items() if getattr(key, name) is not None), None)
    if bound is not None:
        raise NotAllowed(
            f"{acting.actor.id} {bound}, and a role that it gave would outlast that",
            "ask with a super-admin's key that has none of these, or on the gateway's own machine",
        )


def _set(operator: Operator) -> dict[str, Any]:
    return _row(operator.name, operator.role) | {"set_at": iso(operator.set_at), "set_by": operator.set_by}


def _row(login: str, role: RoleName) -> dict[str, Any]:
    return {"login": login, "role": role, "set_at": None, "set_by": None, "why": None}
