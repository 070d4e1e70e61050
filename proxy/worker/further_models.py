"""Models that a body names beside `model`: for when that one fails, or to work for a tool of the provider's.

Keeps true: a key's lists of models and of routes hold for them too. The provider chooses among them, not we, so each
must be allowed at every provider that the route leads to: as `provider/name`, or, on the list of models and where the
name has no slash, as it is written (as `authorise` has it: `anthropic/claude-opus-5` on a list does not mean an
aggregator's). What a route leads to itself may stand there too. A list that names models in a way that is not known
here is refused.

OpenRouter: `models`, `fallbacks` (Messages), `preset`; LiteLLM: `fallbacks` and its kin, of names, of objects with
`model`, or of lists by model; tools with a model: OpenAI's `image_generation`, Anthropic's adviser, OpenRouter's.
"""

from collections.abc import Iterator
from typing import Any

from gatewatch.control.records import KeyRecord
from proxy.refusal import Refusal, model_not_allowed, route_not_allowed
from proxy.settings import Route
from proxy.worker.authorise import allows_route

_LISTS = ("models", "fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
TOOLS = ("tools", "plugins")
_NAMING = frozenset((*_LISTS, "preset"))
_MAY_NAME = _NAMING.union(TOOLS)
_UNKNOWN = ""
"""In place of a name that cannot be read: no list has it."""


def check_further_models(key: KeyRecord, route: Route, body: dict[str, Any]) -> None:
    """Whether this key may use each of them. Raises Refusal, which names the parameter."""
    if key.models is None and key.routes is None:
        return
    for param, name in named_models(body):
        if not name:
            raise _unreadable(param)
        if not _allows(key, route, name):
            raise model_not_allowed(name[:256], param)
        for other in _led_to(route, name):
            if not allows_route(key, other):
                raise route_not_allowed(other[:256], param)


def _allows(key: KeyRecord, route: Route, name: str) -> bool:
    if "/" not in name and key.allows_model(name):
        return True
    return all(key.allows_model(other) for other in _led_to(route, name))


def _led_to(route: Route, name: str) -> list[str]:
    """As `provider/name`, where that is not what the route leads to anyway."""
    return [f"{target.provider}/{name}" for target in route.everywhere if name != target.model]


def named_models(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(parameter, name of a model): those in TOOLS work beside the call's own, the others in its place."""
    for param in _LISTS:
        if said := body.get(param):
            for each in said if isinstance(said, list) else (said,):
                yield from ((param, name) for name in _names(each))
    for param in TOOLS:
        tools = body.get(param)
        for tool in tools if isinstance(tools, list) else ():
            if isinstance(tool, dict):
                yield from ((param, name) for name in _of_tool(tool))
    if preset := body.get("preset"):
        yield "preset", f"@preset/{preset}" if isinstance(preset, str) else _UNKNOWN


def names_models(body: dict[str, Any]) -> bool:
    """Whether there are any."""
    return not _MAY_NAME.isdisjoint(body) and next(named_models(body), None) is not None


def answering(body: dict[str, Any], asked: str, served: str) -> str:
    """Which of the models that the body names the reply's own name means; `asked` where it means none of them."""
    if _NAMING.isdisjoint(body):
        return asked
    named = [asked, *(name for param, name in named_models(body) if param not in TOOLS)]
    return max((name for name in named if name and served.startswith(name)), key=len, default=asked)


def _names(entry: object) -> Iterator[str]:
    """Of a name, an object with `model`, or an object of lists by the model that they stand in for."""
    if isinstance(entry, dict) and "model" in entry:
        entry = entry["model"]
    if not isinstance(entry, dict):
        yield entry if isinstance(entry, str) else _UNKNOWN
        return
    for names in entry.values():
        for name in names if isinstance(names, list) else (names,):
            if isinstance(name, dict):
                name = name.get("model")
            yield name if isinstance(name, str) else _UNKNOWN


def _of_tool(tool: dict[str, Any]) -> Iterator[str]:
    """`parameters` of a function are a schema, of any other tool its settings."""
    settings = tool.get("parameters") if tool.get("type") not in ("function", None) else None
    for place in (tool, settings):
        if isinstance(place, dict) and (name := place.get("model")) is not None:
            yield name if isinstance(name, str) else _UNKNOWN


def _unreadable(param: str) -> Refusal:
    return Refusal(
        403,
        "model_not_allowed",
        f"This key may use certain models only, and it cannot be told which {param!r} means.",
        type="permission_error",
        param=param,
    )
