"""Fills in what the file leaves out: what presets bring, deadlines of models, hosts. After this step every provider has
a dialect, a base URL and a reference to its key.
"""

from collections.abc import Mapping

from gatewatch.config.document import Tree
from gatewatch.config.models import Config, Deadlines, Model, Provider
from gatewatch.config.presets import PRESETS
from gatewatch.config.problems import Problem

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
    for name, preset in PRESETS.items():
        variable = next((variable for variable in preset.env if environ.get(variable)), None)
        reachable = preset.endpoints and "{region}" not in preset.endpoints[preset.dialect()]
        if variable and reachable:
            providers[name] = {"preset": name, "api_key": f"env:{variable}"}
    return {"providers": providers}


def _provider(name: str, provider: Provider, problems: list[Problem]) -> Provider:
    path = ("providers", name)
    preset = PRESETS[provider.preset] if provider.preset else None
    dialect = provider.dialect or (preset.dialect() if preset else None)
    base_url, brought = provider.base_url, False
    api_key = provider.api_key
    if dialect is None:
        problems.append(Problem((*path, "dialect"), "neither a dialect nor a preset", "one of them"))
    if base_url is None and preset and dialect and (endpoint := preset.endpoints.get(dialect)):
        brought = True
        base_url = endpoint.replace("{region}", provider.region or "{region}")
    if base_url is None:
        hint = preset.base_url_hint if preset else ""
        problems.append(Problem((*path, "base_url"), "nothing", hint or "the address of its API"))
    elif "{region}" in base_url:
        problems.append(Problem((*path, "region"), "nothing", f"the region for {base_url}"))
        base_url = None
    if api_key is None and preset:
        api_key = "none" if preset.local and brought else f"env:{preset.env[0]}" if preset.env else None
    if api_key is None:
        problems.append(
            Problem((*path, "api_key"), "nothing", "where its key is: vault:NAME, env:NAME, file:PATH or none")
        )
    return provider.model_copy(
        update={
            "dialect": dialect,
            "base_url": base_url.rstrip("/") if base_url else None,
            "api_key": api_key,
            "allow_private": provider.allow_private or bool(preset and preset.local and brought),
        }
    )


def _model(model: Model, defaults: Deadlines) -> Model:
    own = {name: getattr(model.deadlines, name) for name in model.deadlines.model_fields_set} if model.deadlines else {}
    return model.model_copy(update={"deadlines": defaults.model_copy(update=own)})
