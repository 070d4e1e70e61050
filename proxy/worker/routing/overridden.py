"""What operators, and service levels that are not kept, have put in force over the order of a route's targets.

Keeps true: a canary has its share of the tasks, not of the calls of a task, and a task stays on its side while the
share grows; a target that is drained is asked only where nothing else is left; one that traffic is shifted away from is
asked by one call in fifty, so that it is seen when it does well again.
"""

from collections.abc import Collection, Iterable
from hashlib import blake2b

from gatewatch.call import Call
from proxy.routing import RouteOverride, Target
from proxy.worker.routing.turns import GiveBack, OneIn

STILL_ASKS = 50
"""Of so many calls one."""
_WHOLE = 10_000
"""Hundredths of a percent."""


class Overridden:
    """What is in force now."""

    def __init__(self, overrides: Iterable[RouteOverride] = (), before: "Overridden | None" = None) -> None:
        """`before`: what was in force until now; its count of calls goes on."""
        by_kind: dict[str, list[RouteOverride]] = {"canary": [], "drain": [], "shift": []}
        for each in overrides:
            by_kind[each.kind].append(each)
        self._canaries = {each.route: each for each in by_kind["canary"] if each.route is not None}
        self._canary_targets = {route: _target(each.target) for route, each in self._canaries.items()}
        self._drains, self._shifts = by_kind["drain"], by_kind["shift"]
        known, shifts = before._asking if before else {}, {each.id for each in self._shifts}
        self._asking: dict[tuple[str, str], OneIn] = {of: one for of, one in known.items() if of[1] in shifts}
        """Route and id of a shift → which of its calls ask it first: each route measures its targets itself."""
        self.any = any(by_kind.values())

    def canary(self, route: str, call: Call) -> tuple[RouteOverride, Target] | None:
        """The one that this call of the route belongs to, and where it goes first."""
        found = self._canaries.get(route)
        if found is None or not (call.team in (found.teams or ()) or _lot(route, call) < found.share):
            return None
        return found, self._canary_targets[route]

    def drained(self, route: str, targets: Collection[Target], *, others: bool = False) -> dict[Target, RouteOverride]:
        """Those that get no new calls, where another is left. `others`: there is something beside `targets`."""
        found = _concerned(self._drains, route, targets)
        return found if others or len(found) < len(targets) else {}

    def shifted(
        self, route: str, targets: list[Target], taken: list[GiveBack]
    ) -> tuple[list[Target], RouteOverride | None]:
        """Those last that traffic is shifted away from, first for one call in fifty; and why, if that changes it.

        `taken` gets what the call has to give back where it asks nobody.
        """
        away = _concerned(self._shifts, route, targets)
        if not away or len(away) == len(targets):
            return targets, None
        asking: list[Target] = []
        for override in dict.fromkeys(away.values()):
            of = route, override.id
            is_due, give_back = (self._asking.get(of) or self._asking.setdefault(of, OneIn(STILL_ASKS))).take()
            taken.append(give_back)
            if is_due:
                asking += [target for target in targets if away.get(target) is override]
        staying = [target for target in targets if target not in away]
        leaving = [target for target in targets if target in away and target not in asking]
        ordered = [*asking, *staying, *leaving]
        return ordered, None if ordered == targets else away[asking[0] if asking else next(iter(away))]


def _lot(route: str, call: Call) -> int:
    """0 to 9999, the same for all calls of a task; or of a user, where no task is named."""
    who = call.task_id or call.user
    text = f"{route}\0{call.team}\0{who}" if who else call.call_id
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()) % _WHOLE


def _concerned(overrides: list[RouteOverride], route: str, targets: Collection[Target]) -> dict[Target, RouteOverride]:
    found: dict[Target, RouteOverride] = {}
    for each in overrides:
        if each.route is None or each.route == route:
            for target in targets:
                if each.target in (target.provider, target.name):
                    found.setdefault(target, each)
    return found


def _target(name: str) -> Target:
    provider, _, model = name.partition("/")
    return Target(provider=provider, model=model)
