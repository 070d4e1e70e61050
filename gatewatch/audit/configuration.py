"""What changed in the configuration, for the trail: path by path, before and after, without secrets.

The form that was last in force is kept in the store, so that a change that was made while no gateway ran is seen too.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gatewatch.audit.told import told_as_json
from gatewatch.control.store import ControlStore

IN_FORCE = "config.in_force"
"""The setting that holds the form last in force; changed here only, and not an entry of its own."""

MOST_PATHS = 200


class _Form(msgspec.Struct):
    version: str
    paths: dict[str, Any]


def note_configuration(store: ControlStore, action: str, source: str, version: str, tree: Mapping[str, object]) -> None:
    """Tells what is different from what was in force; nothing where nothing is. Raises ControlStoreError.

    `action`: `config.start` or `config.reload`; `version` changes with the meaning, `tree` is all of it.
    """
    paths = told_paths(tree)
    with store.change():
        kept = store.setting(IN_FORCE)
        last = None if kept is None else msgspec.json.decode(kept, type=_Form)
        if last is not None and (last.version, last.paths) == (version, paths):
            return
        known = last.paths if last else {}
        different = [path for path in sorted({*known, *paths}) if known.get(path) != paths.get(path)]
        before = {path: known[path] for path in different[:MOST_PATHS] if path in known}
        after = {path: paths[path] for path in different[:MOST_PATHS] if path in paths}
        more = {"more_paths": len(different) - MOST_PATHS} if len(different) > MOST_PATHS else {}
        store.connection.execute(
            "INSERT INTO settings VALUES (?1, ?2, ?3)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value, set_at = excluded.set_at",
            (IN_FORCE, msgspec.json.encode(_Form(version, paths)).decode(), store.clock()),
        )
        store.trail.add(
            action,
            source,
            before=None if last is None else {"version": last.version, **before},
            after={"version": version, **after, **more},
        )


def note_refused(store: ControlStore, source: str, reason: str) -> None:
    """Tells of a changed configuration that was not taken. Raises ControlStoreError."""
    store.audit("config.reload", source, result="refused", reason=reason)


def told_paths(tree: Mapping[str, object]) -> dict[str, Any]:
    """A configuration as paths and what stands there, fit for the trail: what is compared is what is told."""
    paths: dict[str, Any] = msgspec.json.decode(told_as_json(dict(_paths("", tree)), limit=None) or "{}")
    return paths


def _paths(place: str, value: object) -> Iterator[tuple[str, object]]:
    """`providers.openai.api_key` and what stands there; lists of plain values are one value."""
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from _paths(f"{place}.{name}" if place else str(name), item)
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        for number, item in enumerate(value):
            yield from _paths(f"{place}[{number}]", item)
    elif isinstance(value, str) and place.endswith(".query"):
        yield place, f"?{value}"  # so that what is in it is known for what it is
    else:
        yield place, value
