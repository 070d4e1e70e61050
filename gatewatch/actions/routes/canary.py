"""A share of a route's calls, or all of some teams, goes to a target first; more of them step by step."""

from typing import Any

import msgspec

from gatewatch.actions.acting import Acting
from gatewatch.actions.action import action
from gatewatch.actions.routes.meant import changed, check_fit, checked_reason, configured, until
from gatewatch.authority.permissions import Permission
from gatewatch.control.names import checked_name
from gatewatch.control.route_overrides import MadeOverride, RouteOverrides, id_of, view
from gatewatch.errors import NotAllowed, NotFound, UsageError
from gatewatch.routing.rollout import checked_steps, is_share, parse_share, taken

_SECOND = 1_000_000
LONGEST_PAUSE = 30 * 86_400 * _SECOND


class Canary(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays as it is; but a new share ends the steps of before, unless steps are given."""

    route: str
    to: str | None = None
    """`provider/model`."""
    share: str | None = None
    """As in `5%`."""
    teams: list[str] | None = None
    """Whose calls all go there."""
    steps: list[str] | None = None
    """Shares and teams, in their order. The first is taken at once, where neither share nor teams are given."""
    every_us: int | None = None
    """Between two steps."""
    reason: str | None = None
    for_us: int | None = None
    """None: until it is lifted."""


class LiftCanary(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    route: str


@action("routes.canary", Permission.ROUTES_CHANGE, Canary, changes=True)
def canary(acting: Acting, asked: Canary) -> dict[str, Any]:
    """The canary as it is then. Raises NotFound, UsageError, NotAllowed where calls of the route may not go there."""
    config = configured(acting, asked.route)
    book = RouteOverrides(acting.store)
    known = book.get(id_of("canary", asked.route))
    target = asked.to or (known.target if known else None)
    if target is None:
        raise UsageError(f"{asked.route} has no canary yet", "say where to, as in --to openai/gpt-4o --share 5%")
    check_fit(config, asked.route, target, f"{asked.route} cannot have that canary")
    if config.models[asked.route].targets == (target,):
        raise UsageError(f"all calls of {asked.route} go to {target} already")
    _check_not_drained(book, asked.route, target)
    made = _made(acting, asked, known if known and known.target == target else None, target)
    made = book.put(made)
    changed(acting)
    return view(made)


@action("routes.lift_canary", Permission.ROUTES_CHANGE, LiftCanary, changes=True)
def lift(acting: Acting, asked: LiftCanary) -> dict[str, Any]:
    """What was lifted. Raises NotFound."""
    lifted = RouteOverrides(acting.store).lift(id_of("canary", asked.route))
    if lifted is None:
        raise NotFound(f"{asked.route} has no canary", "`gatewatch routes list` shows what is in force")
    changed(acting)
    return view(lifted)


def _made(acting: Acting, asked: Canary, known: MadeOverride | None, target: str) -> MadeOverride:
    now = acting.store.clock()
    try:
        share = parse_share(asked.share) if asked.share is not None else known.share if known else 0
        steps = checked_steps(asked.steps or ())
    except ValueError as error:
        raise UsageError(str(error), "as in --steps 5%,25%,100% --every 10m, or --steps search,support,50%") from None
    teams = tuple(dict.fromkeys(asked.teams)) if asked.teams is not None else known.teams if known else ()
    every, next_at = asked.every_us, None
    for name in (*teams, *(step for step in steps if not is_share(step))):
        acting.check_reach(checked_name("team", name))
    if bool(steps) != (every is not None):
        raise UsageError("steps, and the time between them, belong together", "--steps 5%,25%,100% --every 10m")
    if every is not None and not _SECOND <= every <= LONGEST_PAUSE:
        raise UsageError("between two steps is at least a second, and at most 30d", "as in --every 10m")
    step = 0
    if steps:
        if asked.share is None and not asked.teams:
            share, teams, step = *taken(0, (), steps[0]), 1
        if any(is_share(each) and parse_share(each) <= share for each in steps[step:]):
            raise UsageError("a step is not above the share that it begins with", "leave --share out, or that step")
        next_at = now + (every or 0) if step < len(steps) else None
    elif known and asked.share is None and asked.teams is None:
        raise UsageError("nothing would be changed", "give a share, teams or steps")
    elif not share and not teams and asked.share is None:
        raise UsageError("a canary wants calls", "--share 5%, --teams search, or --steps 5%,25%,100% --every 10m")
    return MadeOverride(
        id=id_of("canary", asked.route),
        kind="canary",
        route=asked.route,
        target=target,
        share=share,
        teams=teams,
        steps=steps,
        step=step,
        every=every,
        next_at=next_at,
        since=known.since if known and not known.halted else now,
        reason=checked_reason(asked.reason) or (known.reason if known else None),
        until=until(acting, asked.for_us) if asked.for_us is not None else known.until if known else None,
    )


def _check_not_drained(book: RouteOverrides, route: str, target: str) -> None:
    for each in book.standing():
        if each.drains(route, target):
            raise NotAllowed(f"{target} is drained", f"gatewatch routes undrain {each.target}")
