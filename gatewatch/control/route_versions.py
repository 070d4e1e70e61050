"""Versions of routes: what a call's `route_version` meant, in which order they came into force, and who wrote them.

Keeps true: a version that comes back keeps its beginning and is the newest again; of each route the newest are kept;
that another version of a route came into force stands in the audit trail. A definition holds no secret: it is what
workers are told of the route alone.
"""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from gatewatch.control.transactions import Transactions
from gatewatch.routing.definition import Definition, differences

MOST_VERSIONS = 200
"""Of each route."""


class RouteVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One of them. Times µs since the epoch, UTC."""

    route: str
    version: str
    first_at: int
    since: int
    """When the configuration last came to say so."""
    config: str
    file: str | None = None
    changed_by: str | None = None
    """Who owned the file, as far as the system told."""
    changed_at: int | None = None
    """When the file was last written."""
    definition: dict[str, Any] = {}


class WrittenBy(msgspec.Struct, frozen=True, kw_only=True):
    """Where the routes of one configuration stand."""

    config: str
    file: str | None = None
    changed_by: str | None = None
    changed_at: int | None = None


_COLUMNS = RouteVersion.__struct_fields__


class RouteVersions:
    """Works on a store's connection, in its thread and as its actor."""

    def __init__(self, store: Transactions) -> None:
        self._store = store

    def note(self, routes: Mapping[str, Definition], written: WrittenBy, kept: Collection[str] = ()) -> None:
        """The configuration says so from now on. Nothing is written of a route that is as it was.

        `kept`: versions that are not let go of, however old. Raises ControlStoreError.
        """
        newest = self.newest()
        changed = [
            (name, definition)
            for name, definition in routes.items()
            if name not in newest or newest[name].version != definition["version"]
        ]
        if not changed:
            return
        with self._store.change():
            for name, definition in changed:
                before = newest.get(name)
                now = max(self._store.clock(), before.since + 1 if before else 0)
                self._store.connection.execute(
                    f"INSERT INTO route_versions ({', '.join(_COLUMNS)})"  # noqa: S608 - words of ours
                    " VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (route, version) DO UPDATE SET"
                    " since = ?3, config = ?4, file = ?5, changed_by = ?6, changed_at = ?7, definition = ?8",
                    (
                        *(name, definition["version"], now, written.config, written.file, written.changed_by),
                        *(written.changed_at, msgspec.json.encode(definition).decode()),
                    ),
                )
                if before is not None:
                    self._tell(before, definition)
                self._forget_old(name, kept)

    def of(self, route: str) -> list[RouteVersion]:
        """The newest first: what the configuration says now, or said last."""
        return self._rows("WHERE route = ? ORDER BY since DESC", route)

    def get(self, route: str, version: str) -> RouteVersion | None:
        """None: it was not noted, or so long ago that it was let go of."""
        found = self._rows("WHERE route = ? AND version = ?", route, version)
        return found[0] if found else None

    def newest(self) -> dict[str, RouteVersion]:
        """Route → what the configuration says now, or said last; also of routes that are gone."""
        latest = "(SELECT max(since) FROM route_versions AS other WHERE other.route = route_versions.route)"
        return {each.route: each for each in self._rows(f"WHERE since = {latest} ORDER BY route")}

    def _tell(self, before: RouteVersion, definition: Definition) -> None:
        changed = differences(before.definition, definition)
        then = {each.key: each.then for each in changed if each.then is not None}
        now = {each.key: each.now for each in changed if each.now is not None}
        self._store.trail.add(
            "route.change",
            before.route,
            before={"version": before.version} | then,
            after={"version": definition["version"]} | now,
        )

    def _forget_old(self, route: str, kept: Collection[str]) -> None:
        for old in self.of(route)[MOST_VERSIONS:]:
            if old.version not in kept:
                self._store.connection.execute(
                    "DELETE FROM route_versions WHERE route = ? AND version = ?", (route, old.version)
                )

    def _rows(self, condition: str, *values: object) -> list[RouteVersion]:
        rows = self._store.connection.execute(
            f"SELECT {', '.join(_COLUMNS)} FROM route_versions {condition}",  # noqa: S608 - words of ours
            values,
        )
        return [
            RouteVersion(**dict(zip(_COLUMNS, row, strict=True)) | {"definition": msgspec.json.decode(row[-1])})
            for row in rows
        ]
