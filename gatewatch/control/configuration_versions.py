"""Configurations that were in force: what a call's `config_version` and `route_version` meant, and since when.

Keeps true: what stands here is fit for the audit trail, so no secret does; a version that comes back keeps its
beginning; the newest are kept.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gatewatch.control.transactions import Transactions
from gatewatch.limits.rule import Rule

MOST_VERSIONS = 500


class ConfigurationVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One of them. Times µs since the epoch, UTC."""

    version: str
    first_at: int
    last_at: int
    """When it was last seen in force."""
    file: str | None = None
    changed_by: str | None = None
    """Who owned the file, as far as the system told."""
    changed_at: int | None = None
    """When the file was last written."""
    tree: dict[str, Any] = {}
    """Path of a key → its value; secrets are references."""
    routes: dict[str, str] = {}
    """Route → its version."""
    rules: list[Rule] = []


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A key that is another now. None: it is not set, or not by this."""

    key: str
    then: Any
    now: Any


_COLUMNS = ConfigurationVersion.__struct_fields__
_JSON = ("tree", "routes", "rules")


class ConfigurationVersions:
    """Works on a store's connection, in its thread."""

    def __init__(self, store: Transactions) -> None:
        self._store = store

    def note(
        self,
        version: str,
        tree: Mapping[str, object],
        routes: Mapping[str, str],
        rules: Sequence[Rule],
        file: str | None = None,
        changed_by: str | None = None,
        changed_at: int | None = None,
    ) -> None:
        """It is in force from now on. `tree` as `gatewatch.audit.configuration.told_paths` makes it.

        Raises ControlStoreError.
        """
        now = self._store.clock()
        row = (version, now, now, file, changed_by, changed_at, *(_text(each) for each in (tree, routes, rules)))
        with self._store.change():
            connection = self._store.connection
            connection.execute(
                f"INSERT INTO configuration_versions ({', '.join(_COLUMNS)})"  # noqa: S608 - words of ours
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
                " ON CONFLICT (version) DO UPDATE SET last_at = ?3, file = ?4, changed_by = ?5, changed_at = ?6,"
                " tree = ?7, routes = ?8, rules = ?9",
                row,
            )
            connection.execute(
                "DELETE FROM configuration_versions WHERE version NOT IN"
                " (SELECT version FROM configuration_versions ORDER BY last_at DESC LIMIT ?)",
                (MOST_VERSIONS,),
            )

    def still(self, version: str) -> None:
        """It is in force still. Raises ControlStoreError."""
        with self._store.change():
            self._store.connection.execute(
                "UPDATE configuration_versions SET last_at = ? WHERE version = ?", (self._store.clock(), version)
            )

    def get(self, version: str) -> ConfigurationVersion | None:
        """None: it was not noted, or so long ago that it was let go of."""
        return self._one("WHERE version = ?", version)

    def latest(self) -> ConfigurationVersion | None:
        """The one in force, or the last that was."""
        return self._one("ORDER BY last_at DESC, first_at DESC LIMIT 1")

    def with_route(self, route: str, version: str) -> list[ConfigurationVersion]:
        """Those in which the route was that, oldest first; without their trees."""
        found = self._store.connection.execute(
            "SELECT version, first_at, last_at, file, changed_by, changed_at FROM configuration_versions,"
            " json_each(routes) AS route WHERE route.key = ? AND route.value = ? ORDER BY first_at",
            (route, version),
        )
        return [ConfigurationVersion(**dict(zip(_COLUMNS[:6], row, strict=True))) for row in found]

    def _one(self, condition: str, *values: object) -> ConfigurationVersion | None:
        row = self._store.connection.execute(
            f"SELECT {', '.join(_COLUMNS)} FROM configuration_versions {condition}",  # noqa: S608 - words of ours
            values,
        ).fetchone()
        if row is None:
            return None
        fields = dict(zip(_COLUMNS, row, strict=True))
        return msgspec.convert(
            fields | {name: msgspec.json.decode(fields[name]) for name in _JSON}, ConfigurationVersion
        )


def differences(then: ConfigurationVersion, now: ConfigurationVersion) -> list[Difference]:
    """By key, in their order."""
    return [
        Difference(key=key, then=then.tree.get(key), now=now.tree.get(key))
        for key in sorted({*then.tree, *now.tree})
        if then.tree.get(key) != now.tree.get(key)
    ]


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
