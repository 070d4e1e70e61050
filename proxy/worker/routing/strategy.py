"""In which order a route's targets are asked, by its strategy.

Keeps true: every target stays in the list; among equals the configured order holds; shares by weight are exact, and
come the same way each time.
"""

from collections.abc import Callable

from proxy.routing import Target
from proxy.settings import Route
from proxy.worker.routing.measured import STALE, Measured
from proxy.worker.routing.orders import Cost, by_cost

REMEMBERED = 1024
"""Sets of targets whose turns are kept: what calls must keep to makes several of one route's."""
PROBES = 50
"""Of so many calls one asks a target of which nothing was heard for a while."""

Headroom = Callable[[Target], float]
"""The share of the provider's limits that is left there."""


class Strategies:
    """Of one worker: whose turn it is, and when a target was last looked at."""

    def __init__(self, measured: Measured) -> None:
        self._measured = measured
        self._turns: dict[tuple[str, bool, tuple[Target, ...]], dict[Target, int]] = {}
        self._calls: dict[str, int] = {}

    def order(
        self, route: Route, targets: list[Target], cost: Cost, headroom: Headroom, *, stream: bool, behind: bool
    ) -> list[Target]:
        """`behind`: another target is asked before all of these (a canary's): they take no turn of the others'."""
        if len(targets) < 2:
            return targets
        match route.strategy:
            case "weight":
                return self._by_weight(route, targets, behind)
            case "latency":
                return self._by_latency(route, targets, stream, behind)
            case "cost":
                return by_cost(targets, cost)
            case "headroom":
                return sorted(targets, key=headroom, reverse=True)
        return targets

    def _by_weight(self, route: Route, targets: list[Target], behind: bool) -> list[Target]:
        """Smooth weighted round robin: the one whose turn it is, then those whose turn is nearest."""
        place = route.name, behind, tuple(targets)
        turns = self._turns.get(place)
        if turns is None:
            if len(self._turns) >= REMEMBERED:
                self._turns.clear()
            turns = self._turns[place] = dict.fromkeys(targets, 0)
        whole = 0
        for target in targets:
            turns[target] += target.weight
            whole += target.weight
        ordered = sorted(targets, key=turns.__getitem__, reverse=True)
        turns[ordered[0]] -= whole
        return ordered

    def _by_latency(self, route: Route, targets: list[Target], stream: bool, behind: bool) -> list[Target]:
        measured = self._measured
        speeds = {target: measured.speed(target.provider, target.model, stream) for target in targets}
        ordered = sorted(targets, key=lambda target: (speeds[target] is None, speeds[target] or 0.0))
        if behind:
            return ordered
        asked = self._wanted(route, ordered, speeds, stream)
        if asked is None:
            return ordered
        measured.trying(asked.provider, asked.model)
        return [asked, *(target for target in ordered if target is not asked)]

    def _wanted(
        self, route: Route, ordered: list[Target], speeds: dict[Target, float | None], stream: bool
    ) -> Target | None:
        """One that this call is to measure: a new one at once, one of old by one call in fifty."""
        stale = {target: self._measured.stale_for(target.provider, target.model, stream) for target in ordered}
        for target in ordered:
            if speeds[target] is None and stale[target] >= STALE:
                return target
        calls = self._calls[route.name] = (self._calls.get(route.name, 0) + 1) % PROBES
        if calls:
            return None
        oldest = max(ordered, key=stale.__getitem__)
        return oldest if stale[oldest] >= STALE else None
