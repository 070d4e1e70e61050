"""In which order a route's targets are tried where alerts or budgets have a say.

Keeps true: a target is never added; the order is the configured one among equals.
"""

from collections.abc import Callable, Sequence

import msgspec

from proxy.settings import Override, Route, Target

Cost = Callable[[Target], int | None]
"""Picodollars that the call may cost at a target; None: it has no price there."""


def cheapest_first(route: Route, cost: Cost) -> Route:
    """Targets without a price come last."""
    return route if len(route.targets) < 2 else with_targets(route, by_cost(route.targets, cost))


def by_cost(targets: Sequence[Target], cost: Cost) -> list[Target]:
    """The cheapest first, those without a price last."""
    costs = [cost(target) for target in targets]
    order = sorted(range(len(targets)), key=lambda at: (costs[at] is None, costs[at] or 0))
    return [targets[at] for at in order]


def last_of_all(route: Route) -> Route:
    """The route with its first target behind all others."""
    return with_targets(route, [*route.targets[1:], route.targets[0]])


def shifted(route: Route, overrides: dict[tuple[str, str, str], Override]) -> tuple[Route, Override | None]:
    """Targets that traffic is shifted away from come last; and why, where that changed anything."""
    if not overrides or len(route.targets) < 2:
        return route, None
    away: dict[Target, Override] = {}
    for target in route.targets:
        for scope, name in (("provider", target.provider), ("model", f"{target.provider}/{target.model}")):
            if found := overrides.get(("shift", scope, name)):
                away[target] = found
    ordered = sorted(route.targets, key=lambda target: target in away)
    if tuple(ordered) == route.targets:
        return route, None
    return with_targets(route, ordered), away[route.targets[0]] if route.targets[0] in away else next(
        iter(away.values())
    )


def with_targets(route: Route, targets: Sequence[Target]) -> Route:
    """The route itself where they are its own, in its order."""
    return route if tuple(targets) == route.targets else msgspec.structs.replace(route, targets=tuple(targets))
