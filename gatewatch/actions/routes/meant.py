"""What the actions on routes have in common: which route is meant, for how long, why, and telling the gateway."""

from difflib import get_close_matches

from gatewatch.actions.acting import Acting
from gatewatch.config.models import Config
from gatewatch.config.named_targets import is_target
from gatewatch.config.target_fit import Kept, kept, unfit
from gatewatch.control.route_overrides import MadeOverride, RouteOverrides, id_of
from gatewatch.control.route_versions import RouteVersion, RouteVersions
from gatewatch.errors import NotAllowed, NotFound, UsageError
from gatewatch.keys.secret_shapes import is_known_secret, shown
from gatewatch.routing.definition import first_targets, targets

_DAY = 86_400_000_000
LONGEST = 400 * _DAY
MOST_TEXT = 500


def configured(acting: Acting, route: str) -> Config:
    """The configuration, which has that route. Raises NotFound with the nearest name, ConfigError."""
    config = acting.configuration()
    routes = list(config.models) if config else []
    if config is None or route not in config.models:
        near = get_close_matches(route, routes, 1)
        raise NotFound(
            f"there is no route {shown(route)}",
            f"did you mean {near[0]}?" if near else "`gatewatch routes list` shows those that stand under `models`",
        )
    return config


def known_versions(acting: Acting, route: str) -> list[RouteVersion]:
    """The newest first, at least one. Raises NotFound."""
    found = RouteVersions(acting.store).of(route)
    if not found:
        configured(acting, route)
        raise NotFound(
            f"no version of {route} is known yet", "a gateway notes them when it takes a configuration: start one"
        )
    return found


def version_of(route: str, versions: list[RouteVersion], named: str) -> RouteVersion:
    """The one that is named, by its beginning at least. Raises NotFound, UsageError."""
    found = [each for each in versions if each.version.startswith(named)] if named else []
    exact = [each for each in found if each.version == named] or found
    if not exact:
        raise NotFound(f"{route} has no version {shown(named)}", f"`gatewatch routes versions {route}` shows all")
    if len(exact) > 1:
        raise UsageError(f"{len(exact)} versions of {route} begin with {named}", "write more of it")
    return exact[0]


def rollback_of(acting: Acting, route: str) -> MadeOverride | None:
    """The one in force."""
    return RouteOverrides(acting.store).get(id_of("rollback", route))


def check_fit(config: Config, route: str, target: str, what: str, keeps: Kept | None = None) -> None:
    """Raises NotAllowed where calls of the route, or calls that keep to that, may not go there. `what` cannot be done
    then."""
    check_form(target)
    if why := unfit(config, route, target, keeps):
        raise NotAllowed(f"{what}: {target}: {why}", "a target that keeps to what the configuration asks of the route")


def check_form(target: str) -> None:
    """Raises UsageError for what is no target."""
    if not is_target(target):
        raise UsageError(f"{shown(target)} is no target", "write provider/model, as in openai/gpt-4o-mini")


def groups_in_force(acting: Acting, config: Config, route: str) -> list[list[str]]:
    """The targets of the route's ordinary calls, and those of each class of work: as they are, also by a rollback."""
    model, made = config.models[route], rollback_of(acting, route)
    old = RouteVersions(acting.store).get(route, made.version) if made and made.version else None
    if old is not None:
        keeps = kept(model, old.definition)
        if not any(unfit(config, route, target, keeps) for target in targets(old.definition)):  # else it is held back
            return first_targets(old.definition)
    return [list(model.targets), *map(list, model.classes.values())]


def until(acting: Acting, for_us: int | None) -> int | None:
    """When something is over that holds so long from now on. Raises UsageError."""
    if for_us is None:
        return None
    if not 0 < for_us <= LONGEST:
        raise UsageError("a time is longer than nothing, and at most 400d", "write it as in --for 30m")
    return acting.store.clock() + for_us


def checked_reason(reason: str | None) -> str | None:
    """As it is kept. Raises UsageError."""
    if reason is None:
        return None
    if not reason.strip() or len(reason) > MOST_TEXT or is_known_secret(reason):
        raise UsageError("that is no reason", f"1 to {MOST_TEXT} characters that may stand in the audit trail")
    return reason.strip()


def changed(acting: Acting) -> None:
    """A gateway that runs takes it now."""
    if acting.gateway is not None:
        acting.gateway.routes_changed()
