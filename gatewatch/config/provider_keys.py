"""What only shows when the keys of a provider are looked at together, and beside teams and models."""

from collections.abc import Iterator

from gatewatch.config.models import ApiKey, Config, Provider
from gatewatch.config.problems import KeyPath, Problem, found_text, nearest


def key_problems(config: Config) -> Iterator[Problem]:
    """Every rule that `api_keys` of the completed configuration break."""
    for name, provider in config.providers.items():
        path: KeyPath = ("providers", name, "api_keys")
        if provider.api_keys and provider.api_key:
            yield Problem(path, "api_keys beside api_key", "one of them")
        for index, key in enumerate(provider.api_keys or ()):
            yield from _own_problems((*path, index), key, index, provider)
            yield from _bound_to_nobody((*path, index), key, name, config)


def _own_problems(path: KeyPath, key: ApiKey, index: int, provider: Provider) -> Iterator[Problem]:
    if any(key.name == other.name for other in (provider.api_keys or ())[:index]):
        yield Problem((*path, "name"), f"{key.name} again", "each name once")
    if key.key == "none" and provider.auth not in ("sigv4", "google"):
        yield Problem((*path, "key"), "none", "where it is: vault:NAME, env:NAME, file:PATH")


def _bound_to_nobody(path: KeyPath, key: ApiKey, provider: str, config: Config) -> Iterator[Problem]:
    for index, team in enumerate(key.teams or ()):
        place: KeyPath = (*path, "teams", index)
        if team not in config.teams:
            known = nearest(team, list(config.teams))
            yield Problem(place, f"no team {found_text(place, team)}", f"a team that stands under teams: {known}")
    for index, model in enumerate(key.models or ()):
        place = (*path, "models", index)
        if model not in config.models and not model.startswith(f"{provider}/"):
            known = nearest(model, list(config.models))
            allowed = f"{provider}/model, or a name under models: {known}"
            yield Problem(place, f"no model {found_text(place, model)}", allowed)
