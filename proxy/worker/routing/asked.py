"""One call while it is planned.

Keeps true: what it costs something to know is found out once, and only where it is wanted.
"""

from functools import cached_property

from gatewatch.routing.workload_class import WorkloadClass
from proxy import estimate
from proxy.routing import Target
from proxy.settings import Route, Settings
from proxy.worker.endpoints import GENERATING
from proxy.worker.inbound import Inbound
from proxy.worker.routing.turns import GiveBack
from proxy.worker.settle import Meter


class Asked:
    """What is asked for, and what is known of it."""

    def __init__(self, inbound: Inbound, route: Route, settings: Settings, meter: Meter) -> None:
        self.inbound, self.route, self.call = inbound, route, inbound.call
        self.workload_class: WorkloadClass | None = None
        self.canary: Target | None = None
        """Of the canary that it belongs to."""
        self.taken: list[GiveBack] = []
        """Its turns among the route's calls."""
        self._settings, self._meter = settings, meter

    @property
    def targets(self) -> tuple[Target, ...]:
        """Those of its workload class, where that has some of its own."""
        route = self.route
        return route.classes.get(self.workload_class, route.targets) if self.workload_class else route.targets

    @property
    def is_stream(self) -> bool:
        return self.inbound.body.get("stream") is True and self.call.endpoint in GENERATING

    @cached_property
    def size(self) -> estimate.Size:
        return estimate.size(self.inbound.body)

    def tokens(self) -> int:
        first = self.route.targets[0]
        return self._meter.tokens_of(self._settings.providers[first.provider], first.model, self.size)

    def cost(self, target: Target) -> int | None:
        provider = self._settings.providers[target.provider]
        return self._meter.likely_cost(self.call, provider, target.model, self.inbound.body, self.size)

    def dropped(self, target: Target) -> None:
        """It is not asked; where it was a canary's, that has decided nothing."""
        if target is self.canary:
            self.canary, self.call.routed_by = None, self.route.rolled_back
