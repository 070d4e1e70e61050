"""Versions of a route: which there were, when, by whom; and what differs between two of them."""

from typing import Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.actions.routes.meant import known_versions, rollback_of, version_of
from gatewatch.authority.permissions import Permission
from gatewatch.control.route_versions import RouteVersion
from gatewatch.errors import NotFound
from gatewatch.routing.definition import differences, targets
from gatewatch.timespan import iso


class ListVersions(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    route: str


class Compare(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    route: str
    then: str | None = None
    """None: the version before `now`."""
    now: str | None = None
    """None: the one in force."""


@action("routes.versions", Permission.ROUTES_VIEW, ListVersions, changes=False)
def versions(acting: Acting, asked: ListVersions) -> list[dict[str, Any]]:
    """The newest first, which is what the configuration says; `until`: when the next one came, None of one in force.

    Raises NotFound.
    """
    found = known_versions(acting, asked.route)
    standing = rollback_of(acting, asked.route)
    in_force = standing.version if standing else found[0].version
    over = [None, *(each.since for each in found)]
    return [
        version_view(each)
        | {
            "until": None if until is None or each.version == in_force else iso(until),
            "in_force": each.version == in_force,
            "targets": targets(each.definition),
        }
        for each, until in zip(found, over, strict=False)
    ]


@action("routes.diff", Permission.ROUTES_VIEW, Compare, changes=False)
def diff(acting: Acting, asked: Compare) -> dict[str, Any]:
    """Key by key. Raises NotFound where there is no such version, or none before."""
    found = known_versions(acting, asked.route)
    standing = rollback_of(acting, asked.route)
    named = asked.now or (standing.version if standing else None)
    now = version_of(asked.route, found, named) if named else found[0]
    if asked.then is not None:
        then = version_of(asked.route, found, asked.then)
    elif earlier := found[found.index(now) + 1 :]:
        then = earlier[0]
    else:
        raise NotFound(f"{asked.route} has no version before {now.version}", "name two of them")
    return {
        "route": asked.route,
        "then": then.version,
        "now": now.version,
        "differences": [each._asdict() for each in differences(then.definition, now.definition)],
    }


def version_view(version: RouteVersion) -> dict[str, Any]:
    """As every face shows it, without what it says."""
    return {
        "version": version.version,
        "since": iso(version.since),
        "first_at": iso(version.first_at),
        "file": version.file,
        "changed_by": version.changed_by,
        "changed_at": None if version.changed_at is None else iso(version.changed_at),
        "config": version.config,
    }
