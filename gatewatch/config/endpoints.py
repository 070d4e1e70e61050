"""Where a provider is spoken to, and in which wire formats, from what the file says and what its preset brings.

A dialect that the file names is the only one. A base URL of the file takes the place of those of the preset's addresses
that it can stand for, and the others are dropped: nobody knows where they would be.
"""

import re
from urllib.parse import urlsplit

from gatewatch.config.models import Endpoint, Provider
from gatewatch.config.problems import KeyPath, Problem
from gatewatch.providers.catalogue import Endpoint as Known
from gatewatch.providers.catalogue import Preset
from gatewatch.providers.dialects import WORKING_DIALECTS, Dialect

MODEL = "{model}"
_PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
_VERSION = re.compile(r"v[0-9]+(?:beta|alpha)?")
_FILLED = ("region", "project")


def endpoints_of(path: KeyPath, provider: Provider, preset: Preset | None, problems: list[Problem]) -> list[Endpoint]:
    """The best first; what cannot be said without a word of the operator is added to `problems`."""
    if provider.endpoints:
        return _written(path, provider, problems)
    if provider.dialect is None and preset is None:
        problems.append(Problem((*path, "dialect"), "neither a dialect nor a preset", "one of them"))
    known = _known(path, provider, preset, problems)
    if known is None:
        return []
    if provider.base_url is not None:
        return [Endpoint(dialect=each, base_url=provider.base_url) for each in _served_at(provider, known)]
    if not known:
        hint = preset.base_url_hint if preset else ""
        problems.append(Problem((*path, "base_url"), "nothing", hint or "the address of its API"))
        return []
    return _filled_in(path, provider, preset, known, problems)


def _written(path: KeyPath, provider: Provider, problems: list[Problem]) -> list[Endpoint]:
    for name in ("dialect", "base_url"):
        if getattr(provider, name) is not None:
            problems.append(Problem((*path, name), f"{name} beside endpoints", "endpoints alone"))
    return list(provider.endpoints or ())


def _known(
    path: KeyPath, provider: Provider, preset: Preset | None, problems: list[Problem]
) -> tuple[Known, ...] | None:
    """The preset's endpoints in the region and dialect that are asked for; None where there is no such region."""
    endpoints = preset.endpoints if preset else ()
    if preset and provider.region and provider.base_url is None:
        if provider.region in preset.regions:
            endpoints = preset.regions[provider.region]
        elif preset.regions and not any("{region}" in endpoint.base_url for endpoint in endpoints):
            problems.append(Problem((*path, "region"), provider.region, ", ".join(preset.regions)))
            return None
    wanted = (provider.dialect,) if provider.dialect else WORKING_DIALECTS
    named = provider.dialect is not None or provider.base_url is not None
    return tuple(each for each in endpoints if each.dialect in wanted and (named or not each.named_only))


def _served_at(provider: Provider, known: tuple[Known, ...]) -> list[Dialect]:
    """The dialects that are spoken at the base URL of the file."""
    assert provider.base_url is not None, "the caller looked"
    if provider.dialect or not known:
        return [provider.dialect] if provider.dialect else []
    if MODEL in provider.base_url:  # deployments have a path for each operation of chat completions alone
        return ["openai-chat"]
    name = _name_of(provider.base_url)
    best = next((each for each in known if name and name == _name_of(each.base_url)), known[0])
    return [each.dialect for each in known if each.base_url == best.base_url]


def _name_of(base_url: str) -> str:
    """The last part of the path where it names an API (`anthropic`, `openapi`), not a version of one."""
    last = urlsplit(base_url).path.rstrip("/").rpartition("/")[2] if "://" in base_url else ""
    return "" if _VERSION.fullmatch(last) else last


def _filled_in(
    path: KeyPath, provider: Provider, preset: Preset | None, known: tuple[Known, ...], problems: list[Problem]
) -> list[Endpoint]:
    missing = {name for each in known for name in _PLACEHOLDER.findall(each.base_url)}
    given = {name: value for name in _FILLED if (value := getattr(provider, name))}
    for name in _FILLED:
        if name in missing - given.keys():
            problems.append(Problem((*path, name), "nothing", f"the {name} for {known[0].base_url}"))
    if missing - set(_FILLED):
        hint = preset.base_url_hint if preset else ""
        problems.append(Problem((*path, "base_url"), "nothing", hint or "the address of its API"))
    if missing - given.keys():
        return []
    return [
        Endpoint(dialect=each.dialect, base_url=_PLACEHOLDER.sub(lambda found: given[found[1]], each.base_url))
        for each in known
    ]
