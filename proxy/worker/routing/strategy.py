"""In which order a route's targets are asked, by its strategy.

Keeps true: every target stays in the list; among equals the configured order holds; shares by weight are exact, and
come the same way each time.
"""

from collections.abc import Callable

from proxy.routing import Target
from proxy.settings import Route
from proxy.worker.routing.measured import STALE, Measured
from proxy.worker.routing.orders import Cost, by_cost
from proxy.worker.routing.turns import GiveBack, OneIn, Shares

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
        self._shares: dict[tuple[str, bool, tuple[Target, ...]], Shares] = {}
        self._probes: dict[str, OneIn] = {}

    def order(
        self,
        route: Route,
        targets: list[Target],
        cost: Cost,
        headroom: Headroom,
        taken: list[GiveBack],
        *,
        stream: bool,
        behind: bool,
    ) -> list[Target]:
        """`behind`: another target is asked before all of these (a canary's): they take no turn of the others'.
        `taken` gets what the call has to give back where it asks nobody."""
        if len(targets) < 2:
            return targets
        match route.strategy:
            case "weight":
                return self._by_weight(route, targets, taken, behind)
            case "latency":
                return self._by_latency(route, targets, taken, stream, behind)
            case "cost":
                return by_cost(targets, cost)
            case "headroom":
                return sorted(targets, key=headroom, reverse=True)
        return targets

    def _by_weight(self, route: Route, targets: list[Target], taken: list[GiveBack], behind: bool) -> list[Target]:
        place = route.name, behind, tuple(targets)
        shares = self._shares.get(place)
        if shares is None:
            if len(self._shares) >= REMEMBERED:
                self._shares.clear()
            shares = self._shares[place] = Shares(place[2])
        ordered, give_back = shares.take()
        taken.append(give_back)
        return ordered

    def _by_latency(
        self, route: Route, targets: list[Target], taken: list[GiveBack], stream: bool, behind: bool
    ) -> list[Target]:
        measured = self._measured
        speeds = {target: measured.speed(target.provider, target.model, stream) for target in targets}
        ordered = sorted(targets, key=lambda target: (speeds[target] is None, speeds[target] or 0.0))
        if behind:
            return ordered
        asked = self._wanted(route, ordered, speeds, taken, stream)
        if asked is None:
            return ordered
        taken.append(measured.trying(asked.provider, asked.model))
        return [asked, *(target for target in ordered if target is not asked)]

    def _wanted(
        self,
        route: Route,
        ordered: list[Target],
        speeds: dict[Target, float | None],
        taken: list[GiveBack],
        stream: bool,
    ) -> Target | None:
        """One that this call is to measure: a new one at once, one of old by one call in fifty."""
        stale = {target: self._measured.stale_for(target.provider, target.model, stream) for target in ordered}
        for target in ordered:
            if speeds[target] is None and stale[target] >= STALE:
                return target
        probes = self._probes.get(route.name) or self._probes.setdefault(route.name, OneIn(PROBES))
        is_due, give_back = probes.take()
        taken.append(give_back)
        if not is_due:
            return None
        oldest = max(ordered, key=stale.__getitem__)
        return oldest if stale[oldest] >= STALE else None
