"""A version of a route as people read it: every key by its name, targets as `provider/model`, what is not set left out.

A definition is the JSON of what workers are told of the route. One that an older Gatewatch wrote lacks some keys.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from gatewatch.money import usd_text

Definition = Mapping[str, Any]

LONG_CALLS, SHORT_ANSWERS = "long calls", "short answers"
"""What targets are for, beside the classes of work."""
_NAMES_IT = ("name", "version", "rolled_back")


class Difference(NamedTuple):
    """A key that is another in the second version. None: it is not set there."""

    key: str
    then: Any
    now: Any


def readable(definition: Definition) -> dict[str, Any]:
    """Key → value, as in `deadlines.total`; seconds, and money in USD."""
    found = dict(_keys("", {name: value for name, value in definition.items() if name not in _NAMES_IT}))
    if weights := {_name(each): each["weight"] for each in _targets(definition) if each.get("weight", 1) != 1}:
        found["weights"] = weights
    return found


def differences(then: Definition, now: Definition) -> list[Difference]:
    """By key, in their order."""
    before, after = readable(then), readable(now)
    keys = sorted({*before, *after})
    return [Difference(key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)]


def targets(definition: Definition) -> list[str]:
    """Every target that calls may go to, whatever leads there; the first choice first."""
    return list(dict.fromkeys(map(_name, _targets(definition))))


def first_targets(definition: Definition) -> list[list[str]]:
    """The targets of ordinary calls, and those of each workload class: each of these lists has to have one left."""
    return [[_name(each) for each in group] for group in _groups(definition)]


def other_targets(definition: Definition) -> dict[str, list[str]]:
    """What for → the targets of calls that are not ordinary: of a workload class, longer ones, the last resort's."""
    found = {name: list(map(_name, group)) for name, group in definition.get("classes", {}).items()}
    short = definition.get("short_answer")
    found |= {LONG_CALLS: list(map(_name, definition.get("context_window", ())))}
    found |= {SHORT_ANSWERS: [_name(short["target"])] if short else []}
    return {name: group for name, group in found.items() if group}


def _groups(definition: Definition) -> list[Any]:
    return [definition["targets"], *definition.get("classes", {}).values()]


def _targets(definition: Definition) -> Iterator[Any]:
    for group in _groups(definition):
        yield from group
    yield from definition.get("context_window", ())
    if short := definition.get("short_answer"):
        yield short["target"]


def _keys(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and {"provider", "model"} <= value.keys():
        yield place, _name(value)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _keys(f"{place}.{name}" if place else str(name), item)
    elif place == "max_cost_picos" and value is not None:
        yield "max_cost_usd", usd_text(value)
    elif isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
        yield place, [_name(each) for each in value]
    elif value:
        yield place, list(value) if isinstance(value, tuple) else value


def _name(target: Mapping[str, Any]) -> str:
    return f"{target['provider']}/{target['model']}"
