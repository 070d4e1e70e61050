"""Authorise: whether this key may make this call, and where it may go."""

from gatewatch.control.records import KeyRecord
from proxy.refusal import Refusal, model_not_allowed, model_not_found
from proxy.settings import Route, Settings, Target


def authorise(settings: Settings, key: KeyRecord, model: str) -> Route:
    """The route that `model` names, or a `provider/model` of a configured provider. Raises Refusal."""
    if key.kind != "client":
        raise Refusal(403, "key_kind", "An admin key makes no calls; use a client key.", type="permission_error")
    if not key.allows_model(model):
        raise model_not_allowed(model)
    if route := settings.routes.get(model):
        return route
    provider, slash, name = model.partition("/")
    if slash and name and provider in settings.providers:
        return Route(name=model, targets=(Target(provider=provider, model=name),), deadlines=settings.deadlines)
    raise model_not_found(model)


def visible_models(settings: Settings, key: KeyRecord) -> list[str]:
    """The routes that this key may ask for."""
    return [name for name in settings.routes if key.allows_model(name)]
