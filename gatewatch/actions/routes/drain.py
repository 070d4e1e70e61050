"""A target, or all of a provider, gets no new calls; what runs there goes on to its end."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.actions.routes.meant import (
    changed,
    check_form,
    checked_reason,
    configured,
    groups_in_force,
    until,
)
from gatewatch.authority.permissions import Permission
from gatewatch.config.models import Config
from gatewatch.config.named_targets import named_targets
from gatewatch.control.route_overrides import MadeOverride, RouteOverrides, covers, id_of, view
from gatewatch.errors import NotAllowed, NotFound
from gatewatch.keys.secret_shapes import shown


class Drain(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    target: str
    """`provider/model`, or `provider`."""
    route: str | None = None
    """None: every route."""
    reason: str | None = None
    for_us: int | None = None
    """None: until `undrain`."""
    force: bool = False
    """Also where a route has no other target: its calls go there all the same. Or where no route has that target."""


class Undrain(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    target: str
    route: str | None = None


@action("routes.drain", Permission.ROUTES_CHANGE, Drain, changes=True)
def drain(acting: Acting, asked: Drain) -> dict[str, Any]:
    """The drain; `in_flight`: calls that ran at the target a moment ago, None where no gateway runs.

    Raises NotFound where no call goes there, NotAllowed where a route would have nothing else; by force it is done.
    """
    config = configured(acting, asked.route) if asked.route is not None else acting.configuration()
    provider, slash, _ = asked.target.partition("/")
    if slash:
        check_form(asked.target)
    if config is None or provider not in config.providers:
        raise NotFound(
            f"there is no provider {shown(provider)}", "`gatewatch providers list` shows those that there are"
        )
    made = MadeOverride(
        id=id_of("drain", asked.target, asked.route),
        kind="drain",
        route=asked.route,
        target=asked.target,
        reason=checked_reason(asked.reason),
        until=until(acting, asked.for_us),
    )
    book = RouteOverrides(acting.store)
    standing = book.standing()
    empty, known = [], set[str]()
    for name in [asked.route] if asked.route is not None else config.models:
        groups = groups_in_force(acting, config, name)
        own = [each for group in groups for each in group]
        known.update(own, _known(config, name, standing))
        if any(made.drains(name, each) for each in own) and any(
            _is_empty(group, name, [*standing, made]) for group in groups
        ):
            empty.append(name)
    if not asked.force and not any(covers(asked.target, each) for each in known):
        near = get_close_matches(asked.target, known, 1)
        raise NotFound(
            f"no call of {asked.route or 'any route'} goes to {shown(asked.target)}",
            f"did you mean {near[0]}?" if near else "`gatewatch routes list` shows where calls go",
        )
    if empty and not asked.force:
        raise NotAllowed(
            f"{', '.join(empty)} would have no target left",
            "add one to it first; after `gatewatch routes drain` with --force its calls go there all the same, as there"
            " is nothing else",
        )
    made = book.put(made)
    changed(acting)
    return view(made) | {"in_flight": in_flight(acting, asked.target, asked.route), "without_a_target": empty}


@action("routes.undrain", Permission.ROUTES_CHANGE, Undrain, changes=True)
def undrain(acting: Acting, asked: Undrain) -> dict[str, Any]:
    """What was lifted. Raises NotFound."""
    lifted = RouteOverrides(acting.store).lift(id_of("drain", asked.target, asked.route))
    if lifted is None:
        of = f" for {asked.route}" if asked.route else ""
        raise NotFound(f"{shown(asked.target)} is not drained{of}", "`gatewatch routes list` shows what is in force")
    changed(acting)
    return view(lifted)


def in_flight(acting: Acting, target: str, route: str | None = None) -> int | None:
    """Calls that run at a target, or a provider, as workers told last: of one route, or all; None where no gateway
    runs."""
    return None if acting.gateway is None else at_target(acting.gateway.live()["workers"], target, route)


def at_target(workers: Sequence[Mapping[str, Any]], target: str, route: str | None = None) -> int:
    """The same, of what `/v1/live` tells of workers."""
    return sum(
        calls
        for worker in workers
        for of_route, targets in worker.get("targets_in_flight", {}).items()
        if route in (None, of_route)
        for name, calls in targets.items()
        if covers(target, name)
    )


def _is_empty(group: list[str], route: str, drained: list[MadeOverride]) -> bool:
    return all(any(each.drains(route, target) for each in drained) for target in group)


def _known(config: Config, route: str, standing: list[MadeOverride]) -> list[str]:
    """Every target that calls of the route may go to as it is configured, or by a canary."""
    own = [target for _, target in named_targets(route, config.models[route])]
    return own + [each.target or "" for each in standing if each.kind == "canary" and each.route == route]
