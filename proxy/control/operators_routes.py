"""Canaries, drains and rollbacks that operators made: read from the control store, put in force within a second.

Keeps true: also what was changed on the files beside a running gateway; what has a time ends by itself, which stands in
the audit trail; what the configuration no longer allows is held back, and said, and comes back when it does. All of it
is an alarm for as long as it holds, so that nobody wonders where calls go.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable

import msgspec

from gatewatch.config.models import Config
from gatewatch.config.target_fit import kept, unfit
from gatewatch.control.route_overrides import MadeOverride, RouteOverrides
from gatewatch.control.route_versions import RouteVersions
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from gatewatch.routing.definition import targets
from gatewatch.routing.rollout import share_text
from gatewatch.timespan import iso
from proxy.control.alarms import Alarms
from proxy.control.rolled_back import rolled_back
from proxy.control.routes_in_force import RoutesInForce
from proxy.routing import RouteOverride
from proxy.settings import Route

LOOK_SECONDS = 0.5
SOURCE = "operators"

log = logging.getLogger("gatewatch.control")


class OperatorsRoutes:
    """Of one gateway. Belongs to the thread of the store."""

    def __init__(
        self,
        store: ControlStore,
        routes: RoutesInForce,
        alarms: Alarms,
        config: Callable[[], Config],
        versions: Callable[[], dict[str, str]],
    ) -> None:
        """`config` and `versions` (route → version): what the configuration says now."""
        self._store = store
        self._book = RouteOverrides(store)
        self._versions = RouteVersions(store)
        self._routes = routes
        self._alarms = alarms
        self._config = config
        self._configured = versions
        self._seen: int | None = None
        self._due: int | None = None
        self._told: set[str] = set()
        self.held_back: frozenset[str] = frozenset()
        """Ids of what the configuration does not allow."""

    def configured(self) -> None:
        """Another configuration is about to be handed out: what it allows of them goes with it.

        A store that cannot be read keeps none from being taken: then all is as it was.
        """
        try:
            self._look(push=False)
        except (GatewatchError, sqlite3.Error) as error:
            log.warning("what operators put over routes stays as it was: %s", error)

    def look(self) -> None:
        """Take them as they are now. Raises ControlStoreError, sqlite3.Error."""
        self._look(push=True)

    def _look(self, *, push: bool) -> None:
        self._seen = self._version()  # before, so that what is written meanwhile is looked at again
        self._book.end_those_over()
        standing = self._book.standing()
        self._due = min((each.until for each in standing if each.until is not None), default=None)
        overrides: list[RouteOverride] = []
        old_routes: dict[str, Route] = {}
        told: dict[str, str] = {}
        all_held_back: set[str] = set()
        for made in standing:
            held_back = self._take(made, overrides, old_routes)
            if held_back:
                all_held_back.add(made.id)
            told[made.id] = f"Held back: {_words(made)}, but {held_back}." if held_back else self._standing(made)
            severe = held_back or made.halted or self._is_behind(made)
            self._alarms.set(made.id, told[made.id], "warning" if severe else "info")
        for id in self._told - told.keys():
            self._alarms.set(id, None)
        self._told, self.held_back = set(told), frozenset(all_held_back)
        self._routes.override(SOURCE, tuple(overrides), push=push)
        self._routes.roll_back(old_routes, push=push)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            is_due = self._due is not None and self._due <= self._store.clock()
            if is_due or self._version() != self._seen:
                self.look()

    def _take(self, made: MadeOverride, overrides: list[RouteOverride], old_routes: dict[str, Route]) -> str | None:
        """Why it cannot be in force; None where it is."""
        config = self._config()
        if made.route is not None and made.route not in config.models:
            return f"the configuration no longer has {made.route}"
        if made.kind == "drain":
            overrides.append(RouteOverride(kind="drain", id=made.id, route=made.route, target=made.target or ""))
        elif made.kind == "canary":
            if why := unfit(config, made.route or "", made.target or ""):
                return why
            if made.share or made.teams:
                canary = RouteOverride(
                    kind="canary",
                    id=made.id,
                    route=made.route,
                    target=made.target or "",
                    share=made.share,
                    teams=made.teams or None,
                )
                overrides.append(canary)
        else:
            return self._roll_back(made, config, old_routes)
        return None

    def _roll_back(self, made: MadeOverride, config: Config, old_routes: dict[str, Route]) -> str | None:
        assert made.route is not None
        found = self._versions.get(made.route, made.version or "")
        if found is None:
            return f"version {made.version} is not known any more"
        model = config.models[made.route]
        try:
            old = rolled_back(found.definition, model, made.id)
        except msgspec.ValidationError as error:
            return f"version {made.version} cannot be read: {error}"
        for target in targets(found.definition):
            if why := unfit(config, made.route, target, kept(model, found.definition)):
                return f"{target}: {why}"
        old_routes[made.route] = old
        return None

    def _is_behind(self, made: MadeOverride) -> bool:
        """Whether the configuration says something else of a route than when that was rolled back."""
        now = self._configured().get(made.route or "")
        return made.kind == "rollback" and now not in (None, made.instead_of)

    def _standing(self, made: MadeOverride) -> str:
        if made.halted:
            return (
                f"The canary of {made.route} was stopped, no calls go to {made.target} by it: {made.halted}."
                f" `gatewatch routes canary {made.route} --share 5%` begins again, --lift ends it."
            )
        until = f" until {iso(made.until)}" if made.until is not None else ""
        said = f"{_words(made)}{until}, by {made.created_by}{f': {made.reason}' if made.reason else ''}."
        if self._is_behind(made):
            now = self._configured().get(made.route or "")
            said += f" The configuration has changed since, to {now}: that is not in force."
        return f"{said} `gatewatch routes {_end_of(made)}` ends it."

    def _version(self) -> int:
        """Changes with whatever other connections write to the store."""
        return int(self._store.connection.execute("PRAGMA data_version").fetchone()[0])


def _words(made: MadeOverride) -> str:
    if made.kind == "rollback":
        return f"{made.route} is rolled back to version {made.version}"
    if made.kind == "drain":
        return f"{made.target} is drained" + (f" for {made.route}" if made.route else "")
    who = [share_text(made.share)] if made.share or not made.teams else []
    who += [f"all of {', '.join(made.teams)}"] if made.teams else []
    return f"{' and '.join(who)} of the calls of {made.route} go to {made.target}"


def _end_of(made: MadeOverride) -> str:
    if made.kind == "drain":
        return f"undrain {made.target}" + (f" --route {made.route}" if made.route else "")
    return f"{made.kind} {made.route} --lift"
