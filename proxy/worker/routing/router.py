"""Where a call may go, and in which order: what operators put in force, what the call must keep to, the strategy.

Keeps true: a target that the route does not name is only asked where an operator says so (a canary); what a call must
keep to (region, data class) holds for every target, whoever added it; a route without any of this costs a few look-ups.
"""

import msgspec

from gatewatch.call import Call
from gatewatch.routing.workload_class import WorkloadClass
from proxy.routing import Routing, Target
from proxy.settings import Route, Settings
from proxy.worker.inbound import Inbound
from proxy.worker.pacing.pacing import Pacing
from proxy.worker.quarantine import Quarantine
from proxy.worker.routing import allowed, workload
from proxy.worker.routing.asked import Asked
from proxy.worker.routing.headroom import Headroom
from proxy.worker.routing.measured import Measured
from proxy.worker.routing.orders import with_targets
from proxy.worker.routing.overridden import Overridden
from proxy.worker.routing.strategy import Strategies
from proxy.worker.settle import Meter

DRAINED = "drained by {0}"


class Router:
    """Of one worker."""

    def __init__(self, settings: Settings, meter: Meter, pacing: Pacing, quarantine: Quarantine) -> None:
        self.measured = Measured()
        self._meter, self._pacing, self._quarantine = meter, pacing, quarantine
        self._strategies = Strategies(self.measured)
        self._overridden = Overridden()
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Another configuration is in force."""
        self._settings = settings
        self.route(settings.routing)

    def route(self, routing: Routing) -> None:
        """Other overrides are in force."""
        self._overridden = Overridden(routing.overrides, self._overridden)
        self._workloads = workload.Workloads(routing.workloads)
        self._decides = bool(routing.workloads) or self._overridden.any
        self._planned = {name for name, route in self._settings.routes.items() if _is_planned(route)}

    def plan(self, inbound: Inbound, route: Route) -> Route:
        """The route with the targets that this call may be sent to, in the order to be tried.

        Notes in the call's row what it must keep to, and what decided over the configured order. Raises Refusal where
        no target is left, or the caller asks for what is not understood.
        """
        assert inbound.known
        key, headers = inbound.known.key, inbound.headers
        is_bound = (
            key.region is not None
            or key.data_class is not None
            or allowed.REGION in headers
            or allowed.DATA_CLASS in headers
        )
        if not (is_bound or self._decides or route.name in self._planned or workload.HEADER in headers):
            return route
        call, asked = inbound.call, Asked(inbound, route, self._settings, self._meter)
        call.workload_class = asked.workload_class = self._workload_class(asked)
        if is_bound or route.region is not None or route.data_class is not None or inbound.deferred is not None:
            regions = (route.region, key.region, allowed.region_said(headers))
            allowed.bind(call, regions, (route.data_class, key.data_class, allowed.data_class_said(headers)))
            allowed.check_own_region(call, inbound.body)
        call.routed_by = route.rolled_back
        planned = with_targets(route, self._ordered(asked, self._allowed(asked)))
        inbound.turns = asked.taken or None
        if call.endpoint == "count_tokens":
            inbound.give_back_turns()
        return self._without_drained(planned) if self._overridden.any and route.has_further_rungs else planned

    def _without_drained(self, route: Route) -> Route:
        """Of its targets for longer calls; and of the short answer's, where a stored reply is left."""
        drained = self._overridden.drained(route.name, route.context_window)
        if drained:
            left = tuple(target for target in route.context_window if target not in drained)
            route = msgspec.structs.replace(route, context_window=left)
        short = route.short_answer
        if short and route.stored_reply and self._overridden.drained(route.name, (short.target,), others=True):
            route = msgspec.structs.replace(route, short_answer=None)
        return route

    def _workload_class(self, asked: Asked) -> WorkloadClass | None:
        inbound, route = asked.inbound, asked.route
        said = workload.workload_said(inbound.headers)
        return said or self._workloads.of(inbound, asked.tokens) or route.workload_class

    def _allowed(self, asked: Asked) -> list[Target]:
        """A canary's target first, then the route's; of them those that may be asked. Raises Refusal."""
        call, route, targets = asked.call, asked.route, list(asked.targets)
        if self._overridden.any and (found := self._overridden.canary(route.name, call)):
            override, first = found
            if first.provider in self._settings.providers:
                first = next((target for target in targets if target.name == first.name), first)
                targets = [first, *(target for target in targets if target is not first)]
                asked.canary = first
                call.routed_by = override.id
        if call.region is not None or call.data_class is not None:
            targets = self._keeping(asked, targets)
        drained = self._overridden.drained(route.name, targets) if self._overridden.any else {}
        if drained:
            for target, override in drained.items():
                _pass_over(call, target, DRAINED.format(override.id))
                asked.dropped(target)
            if targets[0] in drained or asked.route.strategy != "order":
                call.routed_by = call.routed_by or next(iter(drained.values())).id
            targets = [target for target in targets if target not in drained]
        return targets

    def _keeping(self, asked: Asked, targets: list[Target]) -> list[Target]:
        call, kept = asked.call, []
        for target in targets:
            because = allowed.objection(call, self._settings.providers[target.provider], target)
            if because is None:
                kept.append(target)
            else:
                _pass_over(call, target, because)
                asked.dropped(target)
        if not kept:
            call.route, call.route_version = asked.route.name, asked.route.version or None
            raise allowed.none_allowed(call, call.passed_over)
        return kept

    def _ordered(self, asked: Asked, targets: list[Target]) -> list[Target]:
        """By the strategy, behind a canary's target; what traffic is shifted away from comes last, a canary's too."""
        call, route, canary = asked.call, asked.route, asked.canary
        if route.strategy != "order":
            rest = [target for target in targets if target is not canary]
            headroom = Headroom(self._pacing, self._quarantine, call.team, route.name, self._settings.providers)
            behind = canary is not None
            rest = self._strategies.order(
                route, rest, asked.cost, headroom, asked.taken, stream=asked.is_stream, behind=behind
            )
            targets = rest if canary is None else [canary, *rest]
        if self._overridden.any:
            targets, shift = self._overridden.shifted(route.name, targets, asked.taken)
            if shift is not None and (call.routed_by is None or targets[0] is not canary):
                call.routed_by = shift.id
        return targets


def _is_planned(route: Route) -> bool:
    """Whether there is anything to be decided about its calls."""
    return bool(
        (route.strategy != "order" and len(route.targets) > 1)
        or route.classes
        or route.workload_class
        or route.region
        or route.data_class
        or route.rolled_back
    )


def _pass_over(call: Call, target: Target, reason: str) -> None:
    if call.passed_over is None:
        call.passed_over = []
    call.passed_over.append([target.name, reason])
