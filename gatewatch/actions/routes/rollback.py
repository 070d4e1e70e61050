"""One command puts an earlier version of a route in force, until it is lifted or its time is over."""

from typing import Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.actions.routes.meant import (
    changed,
    check_fit,
    checked_reason,
    configured,
    known_versions,
    rollback_of,
    until,
    version_of,
)
from gatewatch.authority.permissions import Permission
from gatewatch.config.target_fit import kept
from gatewatch.control.route_overrides import MadeOverride, RouteOverrides, id_of, view
from gatewatch.control.route_versions import RouteVersion
from gatewatch.errors import NotAllowed, NotFound, UsageError
from gatewatch.routing.definition import differences, first_targets, targets

_OF_WHAT_WAS_DONE = ("id", "created_at", "created_by")


class RollBack(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    route: str
    version: str | None = None
    """None: the one before that in force."""
    reason: str | None = None
    for_us: int | None = None
    """None: until it is lifted."""
    dry: bool = False
    """Nothing is done: what would be."""


class LiftRollback(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    route: str


@action("routes.rollback", Permission.ROUTES_CHANGE, RollBack, changes=True)
def roll_back(acting: Acting, asked: RollBack) -> dict[str, Any]:
    """The rollback, whether it was done, and what is different by it.

    Raises NotFound where there is no such version, NotAllowed where calls may not go to one of its targets any more, or
    all of them are drained.
    """
    config = configured(acting, asked.route)
    versions = known_versions(acting, asked.route)
    standing = rollback_of(acting, asked.route)
    in_force = next((each for each in versions if standing and each.version == standing.version), versions[0])
    wanted = _wanted(asked, versions, in_force)
    keeps, what = kept(config.models[asked.route], wanted.definition), f"version {wanted.version} of {asked.route}"
    for target in targets(wanted.definition):
        check_fit(config, asked.route, target, f"{what} cannot be put in force", keeps)
    _check_not_drained(acting, asked.route, wanted)
    made = MadeOverride(
        id=id_of("rollback", asked.route),
        kind="rollback",
        route=asked.route,
        version=wanted.version,
        instead_of=versions[0].version,
        reason=checked_reason(asked.reason),
        until=until(acting, asked.for_us),
    )
    if not asked.dry:
        made = RouteOverrides(acting.store).put(made)
        changed(acting)
    different = differences(in_force.definition, wanted.definition)
    told = {name: value for name, value in view(made).items() if not (asked.dry and name in _OF_WHAT_WAS_DONE)}
    return (
        {"done": not asked.dry}
        | told
        | {
            "before": in_force.version,
            "differences": [each._asdict() for each in different],
        }
    )


@action("routes.lift_rollback", Permission.ROUTES_CHANGE, LiftRollback, changes=True)
def lift(acting: Acting, asked: LiftRollback) -> dict[str, Any]:
    """What was lifted: the configured version is in force again. Raises NotFound."""
    lifted = RouteOverrides(acting.store).lift(id_of("rollback", asked.route))
    if lifted is None:
        raise NotFound(f"{asked.route} is not rolled back", "`gatewatch routes list` shows what is in force")
    changed(acting)
    return view(lifted)


def _check_not_drained(acting: Acting, route: str, wanted: RouteVersion) -> None:
    standing = RouteOverrides(acting.store).standing()
    for group in first_targets(wanted.definition):
        drains = [next((each for each in standing if each.drains(route, target)), None) for target in group]
        if first := drains[0] if all(drains) else None:
            of = f" --route {first.route}" if first.route else ""
            raise NotAllowed(
                f"version {wanted.version} of {route} leads to drained targets alone: {', '.join(group)}",
                f"gatewatch routes undrain {first.target}{of}",
            )


def _wanted(asked: RollBack, versions: list[RouteVersion], in_force: RouteVersion) -> RouteVersion:
    if asked.version is None:
        earlier = versions[versions.index(in_force) + 1 :]
        if not earlier:
            raise NotFound(f"{asked.route} has no version before {in_force.version}", "there is nothing to go back to")
        return earlier[0]
    wanted = version_of(asked.route, versions, asked.version)
    if wanted is in_force:
        raise UsageError(f"version {wanted.version} of {asked.route} is in force already")
    if wanted is versions[0]:
        raise UsageError(
            f"version {wanted.version} is what the configuration says",
            f"gatewatch routes rollback {asked.route} --lift",
        )
    return wanted
