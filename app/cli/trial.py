"""`gatewatch providers test`: does a provider answer, with the key and the address that are configured?

The one call is as cheap as a call can be, goes straight to the provider, and stands in no ledger.
"""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatewatch.config import Config
    from gatewatch.config.models import Provider as Written
    from proxy.settings import Provider, Way


def try_provider(args: argparse.Namespace) -> int:
    """0 where the provider answered as it should, else 1. Raises NotFound, UsageError, ConfigError."""
    import asyncio
    import os
    import sys
    from pathlib import Path

    import msgspec

    from app.cli.output import print_object
    from app.cli.provider_keys import resolver
    from gatewatch.config import load
    from gatewatch.config.target_privacy import known_privacy, stated
    from gatewatch.paths import Home
    from gatewatch.providers.privacy import summary
    from gatewatch.safe_text import safe
    from proxy.control.settings_compile import compile_provider
    from proxy.trial.trying import tried

    home = Home.find(args.home)
    loaded = load(Path(args.config) if args.config else home.config if home.config.exists() else None, os.environ)
    written = _configured(loaded.config, args.name)
    name, reference = _key(written, args.key)
    with resolver(args, home, reference) as resolve:
        provider = compile_provider(args.name, loaded, lambda asked: resolve(asked) if asked == reference else None)
    (key,) = (key for key in provider.keys if key.id == name)
    key = msgspec.structs.replace(key, id=reference)  # which is what can be mended
    provider = msgspec.structs.replace(provider, keys=(key,))
    ways = _ways(provider, args.dialect)
    found = asyncio.run(tried(provider, ways, args.model, _targets(loaded.config, args.name), home.control))
    said = found.told() | {"prompts": summary(known_privacy(written), stated(written))}
    if args.output == "table":
        print_object({name: value for name, value in said.items() if name not in ("problem", "next_step")}, "table")
        if found.problem:
            sys.stderr.write(f"gatewatch: {args.name}: {safe(found.problem, 600)}\n  {safe(found.next_step, 600)}\n")
    else:
        print_object(said, args.output)
    return 1 if found.problem else 0


def _configured(config: "Config", name: str) -> "Written":
    from gatewatch.config.problems import nearest
    from gatewatch.errors import NotFound
    from gatewatch.keys.secret_shapes import shown
    from gatewatch.providers.catalogue import presets

    if name in config.providers:
        return config.providers[name]
    known = nearest(name, list(config.providers))
    raise NotFound(
        f"no provider {shown(name)} is configured",
        f"under providers, add {name}: {{preset: {name}}}" if name in presets() else f"there are: {known}",
    )


def _key(provider: "Written", name: str | None) -> tuple[str, str]:
    """One of its keys, by its name, else the first; and where it is. Raises NotFound."""
    from gatewatch.config.problems import nearest
    from gatewatch.errors import NotFound
    from gatewatch.keys.secret_shapes import shown

    references = provider.references
    if name is None:
        name = next(iter(references))
    if name not in references:
        raise NotFound(f"it has no key {shown(name)}", nearest(name, list(references)))
    return name, references[name]


def _ways(provider: "Provider", dialect: str | None) -> "list[Way]":
    from gatewatch.errors import UsageError

    ways = [way for way in provider.ways if dialect in (None, way.dialect)]
    if not ways:
        spoken = ", ".join(way.dialect for way in provider.ways)
        raise UsageError(f"{provider.name} is not spoken to in {dialect}", f"configured for it: {spoken}")
    return ways


def _targets(config: "Config", name: str) -> list[str]:
    """The models that models of the configuration ask it for."""
    prefix = f"{name}/"
    targets = (target for model in config.models.values() for target in model.targets)
    return [target.removeprefix(prefix) for target in targets if target.startswith(prefix)]
