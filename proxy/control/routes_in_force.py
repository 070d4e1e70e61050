"""Which way calls go at the moment, put together from all who have a say: the configuration file, operators' canaries,
drains and rollbacks, service levels that are not kept.

Keeps true: workers have all of it from the moment on at which one part changes; a worker that comes later has it too.
"""

from collections.abc import Callable, Mapping

import msgspec

from proxy.routing import RouteOverride, Routing
from proxy.settings import Route, Settings

Push = Callable[[Routing], None]


class RoutesInForce:
    """Of one gateway. Belongs to the event loop."""

    def __init__(self, push: Push, configure: Callable[[], None]) -> None:
        """`push` hands canaries, drains and shifts to every worker; `configure` has the settings put together anew,
        where whole routes have changed."""
        self._push = push
        self._configure = configure
        self._configured = Routing()
        self._overrides: dict[str, tuple[RouteOverride, ...]] = {}
        self._rolled_back: dict[str, Route] = {}
        self._pushed: Routing | None = None
        """None until a configuration is in force: before, there is nothing to hand out."""

    @property
    def routing(self) -> Routing:
        """All of it but the routes."""
        overrides = tuple(each for part in self._overrides.values() for each in part)
        return msgspec.structs.replace(self._configured, overrides=overrides)

    def configured(self, settings: Settings) -> Settings:
        """Another configuration is in force; with everything that is put over it."""
        self._configured = settings.routing
        self._pushed = self.routing
        routes = self.in_force(settings.routes)
        return msgspec.structs.replace(settings, routing=self._pushed, routes=routes)

    def in_force(self, routes: Mapping[str, Route]) -> dict[str, Route]:
        """The configured routes, with the versions that hold instead of some. May be asked from any thread."""
        return {name: self._rolled_back.get(name, route) for name, route in routes.items()}

    def override(self, source: str, overrides: tuple[RouteOverride, ...], *, push: bool = True) -> None:
        """What one source wants for now, in place of what it wanted before. `push`: else `configured` follows."""
        self._overrides[source] = overrides
        if push and self._pushed is not None and (routing := self.routing) != self._pushed:
            self._pushed = routing
            self._push(routing)

    def roll_back(self, routes: Mapping[str, Route], *, push: bool = True) -> None:
        """Route → the version that is in force instead of the configured one; all of them. `push` as above."""
        if routes != self._rolled_back:
            self._rolled_back = dict(routes)
            if push and self._pushed is not None:
                self._configure()
