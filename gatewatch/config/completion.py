"""Fills in what the file leaves out: what presets bring, deadlines of models, hosts. After this step every provider has
a dialect and a base URL, or endpoints where it has several, and a reference to its key, or several.
"""

from collections.abc import Mapping

from gatewatch.config.document import Tree
from gatewatch.config.endpoints import endpoints_of
from gatewatch.config.models import Config, Deadlines, Model, Provider
from gatewatch.config.problems import Problem
from gatewatch.providers.aws_region import region_of
from gatewatch.providers.catalogue import Auth, Preset, presets

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")


def complete(config: Config) -> tuple[Config, list[Problem]]:
    """The effective configuration, and what could not be filled in."""
    problems: list[Problem] = []
    providers = {name: _provider(name, provider, problems) for name, provider in config.providers.items()}
    models = {name: _model(model, config.deadlines) for name, model in config.models.items()}
    hosts = config.hosts
    if hosts is None:
        own = () if config.listen.is_wildcard else (config.listen.host_header,)
        hosts = tuple(dict.fromkeys((*LOOPBACK_HOSTS, *own)))
    return config.model_copy(update={"providers": providers, "models": models, "hosts": hosts}), problems


def from_environment(environ: Mapping[str, str]) -> Tree:
    """What a file would say that names the providers whose usual variables are set."""
    providers: dict[str, Tree] = {}
    for name, preset in presets().items():
        variable = next((variable for variable in preset.env if environ.get(variable)), None)
        if variable and not any("{" in endpoint.base_url for endpoint in preset.endpoints):
            providers[name] = {"preset": name, "api_key": f"env:{variable}"}
    return {"providers": providers}


def _provider(name: str, provider: Provider, problems: list[Problem]) -> Provider:
    path = ("providers", name)
    preset = presets()[provider.preset] if provider.preset else None
    endpoints = [
        endpoint.model_copy(update={"base_url": endpoint.base_url.rstrip("/")})
        for endpoint in endpoints_of(path, provider, preset, problems)
    ]
    own = preset is not None and preset.local and provider.base_url is None and provider.endpoints is None
    auth = provider.auth or (preset.auth if preset else "key")
    api_key = provider.api_key or (None if provider.api_keys else _usual_key(auth, preset, own=own))
    if api_key is None and not provider.api_keys:
        problems.append(
            Problem((*path, "api_key"), "nothing", "where its key is: vault:NAME, env:NAME, file:PATH or none")
        )
    one = len(endpoints) == 1
    return provider.model_copy(
        update={
            "dialect": endpoints[0].dialect if one else None,
            "base_url": endpoints[0].base_url if one else None,
            "endpoints": tuple(endpoints) if len(endpoints) > 1 else None,
            "api_key": api_key,
            "auth": provider.auth if auth == "key" else auth,
            "region": provider.region or (region_of(endpoints[0].base_url) if endpoints and auth == "sigv4" else None),
            "key_header": provider.key_header.lower() if provider.key_header else None,
            "allow_private": provider.allow_private or own,
        }
    )


def _usual_key(auth: Auth, preset: Preset | None, *, own: bool) -> str | None:
    if auth != "key" or own:
        return "none"
    return f"env:{preset.env[0]}" if preset and preset.env else None


def _model(model: Model, defaults: Deadlines) -> Model:
    own = {name: getattr(model.deadlines, name) for name in model.deadlines.model_fields_set} if model.deadlines else {}
    return model.model_copy(update={"deadlines": defaults.model_copy(update=own)})
