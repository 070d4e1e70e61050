"""Authorise: whether this key may make this call, and where it may go.

Its list of routes holds for where a name leads: a configured route, or the `provider/model` behind any other name.

A key's allow-list holds for the name that was asked. Two names of one model are two names: with one of them on it,
the other is refused, with one exception that widens nothing. A bare name (`gpt-4o-mini`) is allowed where the
`provider/model` that it leads to is on the list. A name with a slash that states no configured provider
(`anthropic/claude-opus-5` where only an aggregator takes it) is allowed only so: the list meant another provider.
"""

from urllib.parse import unquote

from gatewatch.control.records import KeyRecord
from gatewatch.redact import redact
from proxy.refusal import Refusal, model_not_allowed, model_not_found, route_not_allowed
from proxy.settings import Route, Settings
from proxy.worker.near_names import close_to
from proxy.worker.resolve import Names, names_of

_MOST_COMPARED = 200
_UP = frozenset({".", ".."})


def authorise(settings: Settings, key: KeyRecord, model: str) -> Route:
    """The route that `model` names: a configured one, a `provider/model`, or a bare name. Raises Refusal."""
    if key.kind != "client":
        raise Refusal(403, "key_kind", "An admin key makes no calls; use a client key.", type="permission_error")
    route = settings.routes.get(model)
    if route is not None:
        if not key.allows_model(model):
            raise model_not_allowed(model)
        return route if key.routes is None else _on_the_list(key, route)
    if _goes_up(model):
        raise model_not_found(model)
    names = names_of(settings)
    route = names.route(model)
    if not _allows(key, names, model, route):
        raise model_not_allowed(model)
    if route is None:
        raise _not_found(names, key, model)
    return _on_the_list(key, route)


def allows_route(key: KeyRecord, name: str) -> bool:
    """`name`: that of a route, which is `provider/model` where none is configured."""
    return key.routes is None or name in key.routes


def visible_models(settings: Settings, key: KeyRecord) -> list[str]:
    """The routes that this key may ask for."""
    return [name for name in settings.routes if key.allows_model(name) and allows_route(key, name)]


def _on_the_list(key: KeyRecord, route: Route) -> Route:
    if not allows_route(key, route.name):
        raise route_not_allowed(route.name)
    return route


def _goes_up(model: str) -> bool:
    """Whether it would lead elsewhere where it stands in a provider's path, its dots escaped or not."""
    return not _UP.isdisjoint(unquote(model).replace("\\", "/").split("/"))


def _allows(key: KeyRecord, names: Names, model: str, route: Route | None) -> bool:
    if key.models is None:
        return True
    if route is None or not names.is_bare(model):
        return key.allows_model(model)
    return key.allows_model(route.name) or ("/" not in model and key.allows_model(model))


def _not_found(names: Names, key: KeyRecord, model: str) -> Refusal:
    """Names names that the key may use, and no others."""
    listed = key.routes if key.models is None else key.models
    if listed is None:
        near = names.near(model)
    else:
        near = close_to(model, [name for name in listed[:_MOST_COMPARED] if name != model and _leads(names, name)])
    message = f"The model {redact(model)!r} does not exist here."
    if near:
        message += f" Near it: {', '.join(near)}."
    return Refusal(404, "model_not_found", message, param="model")


def _leads(names: Names, model: str) -> bool:
    return model in names.settings.routes or names.route(model) is not None
