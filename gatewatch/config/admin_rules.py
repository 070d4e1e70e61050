"""What an admin API has to be told, judged without a network."""

from collections.abc import Iterator
from typing import get_args

from gatewatch.config.base_url import objection
from gatewatch.config.models import AdminApi, Config, Provider
from gatewatch.config.problems import KeyPath, Problem

_FIELDS = (
    "project",
    "service_account",
    "workspace",
    "tenant",
    "client",
    "resource",
    "user",
    "days",
    "expires",
    "scopes",
)
_NEEDED: dict[AdminApi, tuple[str, ...]] = {
    "openai": ("project", "service_account"),
    "openrouter": (),
    "anthropic": (),
    "azure": ("tenant", "client", "resource"),
    "bedrock": ("user",),
    "google": ("project",),
}
_TAKEN: dict[AdminApi, tuple[str, ...]] = _NEEDED | {
    "openai": (*_NEEDED["openai"], "expires", "scopes"),
    "openrouter": ("workspace",),
    "bedrock": ("user", "days"),
}
_USUAL: tuple[AdminApi, ...] = ("bedrock", "google")
"""Clouds whose libraries know where credentials usually are."""


def admin_api(provider: Provider) -> AdminApi | None:
    """Whose admin API a provider's keys are managed with; None where none is configured, or known."""
    if provider.admin is None:
        return None
    if provider.admin.api is not None:
        return provider.admin.api
    return next((known for known in get_args(AdminApi) if known == provider.preset), None)


def admin_problems(config: Config) -> Iterator[Problem]:
    """What is missing, and what no such API is told."""
    for name, provider in config.providers.items():
        if provider.admin is None:
            continue
        path: KeyPath = ("providers", name, "admin")
        api = admin_api(provider)
        if api is None:
            yield Problem((*path, "api"), "nothing", f"whose API it is: {', '.join(get_args(AdminApi))}")
            continue
        if provider.admin.key == "none" and api not in _USUAL:
            yield Problem((*path, "key"), "none", "where the admin key is: vault:NAME, env:NAME or file:PATH")
        if provider.admin.key != "none" and provider.admin.key in provider.references.values():
            yield Problem((*path, "key"), "the key that calls are made with", "a key of its own, which manages keys")
        if provider.admin.base_url and (wrong := objection(provider.admin.base_url, provider.allow_private)):
            yield Problem((*path, "base_url"), *wrong)
        for field in _FIELDS:
            given = getattr(provider.admin, field) is not None
            if not given and field in _NEEDED[api]:
                yield Problem((*path, field), "nothing", f"its id: {api} makes keys in it")
            if given and field not in _TAKEN[api]:
                yield Problem((*path, field), f"a {field} for {api}", "nothing: leave it out")
