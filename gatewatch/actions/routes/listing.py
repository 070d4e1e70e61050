"""Routes as they stand: what the configuration says, and what is in force over it."""

from typing import Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.actions.routes.meant import configured, known_versions, version_of
from gatewatch.actions.routes.versions import version_view
from gatewatch.authority.permissions import Permission
from gatewatch.config.models import Model
from gatewatch.control.route_overrides import MadeOverride, RouteOverrides, covers, view
from gatewatch.control.route_versions import RouteVersion, RouteVersions
from gatewatch.routing.canary_verdict import LEAST_TRIES
from gatewatch.routing.definition import LONG_CALLS, SHORT_ANSWERS, other_targets, readable, targets

_LATE = 10_000_000
"""µs; steps are looked at every two seconds."""


class ListRoutes(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All of them."""


class ShowRoute(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    route: str
    version: str | None = None
    """None: the one in force."""


@action("routes.list", Permission.ROUTES_VIEW, ListRoutes, changes=False)
def listed(acting: Acting, _: ListRoutes) -> list[dict[str, Any]]:
    """The configured ones in their order; then those that are gone and have something in force over them still."""
    config = acting.configuration()
    models = dict(config.models) if config else {}
    newest = RouteVersions(acting.store).newest()
    standing = RouteOverrides(acting.store).standing()
    gone = [each.route for each in standing if each.route and each.route not in models]
    return [
        _route(acting, name, models.get(name), newest.get(name), standing) for name in dict.fromkeys([*models, *gone])
    ]


@action("routes.show", Permission.ROUTES_VIEW, ShowRoute, changes=False)
def show(acting: Acting, asked: ShowRoute) -> dict[str, Any]:
    """One version, whole, and what is in force over the route. Raises NotFound."""
    versions = known_versions(acting, asked.route)
    own = [each for each in RouteOverrides(acting.store).standing() if each.route in (None, asked.route)]
    rollback = next((each for each in own if each.kind == "rollback"), None)
    in_force = rollback.version if rollback and rollback.version else versions[0].version
    if asked.version is None:
        configured(acting, asked.route)
    shown = version_of(asked.route, versions, asked.version or in_force)
    return (
        {"route": asked.route}
        | version_view(shown)
        | {
            "in_force": shown.version == in_force,
            "configured": versions[0].version,
            "definition": readable(shown.definition),
            "overrides": [view(each) for each in own if _is_of(each, asked.route, targets(shown.definition))],
        }
    )


def _route(
    acting: Acting, name: str, model: Model | None, newest: RouteVersion | None, standing: list[MadeOverride]
) -> dict[str, Any]:
    configured_version = newest.version if newest else None
    rollback = next((each for each in standing if each.kind == "rollback" and each.route == name), None)
    version, to, strategy = configured_version, list(model.targets) if model else [], model.strategy if model else None
    others = _others(model) if model else {}
    if rollback and rollback.version and (old := RouteVersions(acting.store).get(name, rollback.version)):
        version, to = old.version, [f"{each['provider']}/{each['model']}" for each in old.definition["targets"]]
        strategy, others = old.definition["strategy"], other_targets(old.definition)
    canaries = [each.target for each in standing if each.kind == "canary" and each.route == name and each.target]
    whole = [*to, *canaries, *(target for group in others.values() for target in group)]
    own = [each for each in standing if _is_of(each, name, whole)]
    return {
        "route": name,
        "version": version,
        "configured": configured_version,
        "strategy": strategy,
        "targets": to,
        "others": others,
        "overrides": [view(each) for each in own],
        "notes": notes_of(own, configured_version, acting.store.clock(), is_gone=model is None),
    }


def _others(model: Model) -> dict[str, list[str]]:
    """What for → targets, as `other_targets` tells them of a version."""
    short = model.last_resort.short_answer if model.last_resort else None
    found: dict[str, list[str]] = {name: list(group) for name, group in model.classes.items()}
    found |= {LONG_CALLS: list(model.context_window), SHORT_ANSWERS: [short.target] if short else []}
    return {name: group for name, group in found.items() if group}


def _is_of(made: MadeOverride, route: str, to: list[str]) -> bool:
    if made.kind == "drain" and made.route is None:
        return any(covers(made.target or "", each) for each in to)
    return made.route == route


def notes_of(own: list[MadeOverride], configured_version: str | None, now: int, *, is_gone: bool = False) -> list[str]:
    """What somebody has to know who looks at the route, in words."""
    notes = ["the configuration no longer has it"] if is_gone else []
    for made in own:
        if made.kind == "rollback" and configured_version and made.instead_of != configured_version:
            notes.append(f"rolled back; the configuration has changed since, to {configured_version}")
        elif made.kind == "rollback":
            notes.append(f"rolled back from {made.instead_of}")
        elif made.halted:
            notes.append(f"canary stopped: {made.halted}")
        elif made.next_at is not None and made.next_at + _LATE < now:
            notes.append(f"the canary's next step waits until {LEAST_TRIES} tries went well there since the last one")
    return notes
