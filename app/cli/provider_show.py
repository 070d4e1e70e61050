"""`gatewatch providers show`: what is known of a provider, each claim with its source and the day it was looked up."""

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gatewatch.config.models import Provider
    from gatewatch.providers.catalogue import Preset
    from gatewatch.providers.privacy import Privacy


def show_provider(args: argparse.Namespace) -> int:
    """A provider of the configuration, or else a preset. Raises NotFound, ConfigError."""
    import os
    import sys
    from pathlib import Path

    from app.cli.output import print_object
    from gatewatch.config import load
    from gatewatch.config.problems import nearest
    from gatewatch.errors import NotFound
    from gatewatch.keys.secret_shapes import shown
    from gatewatch.paths import Home
    from gatewatch.providers.catalogue import presets

    home = Home.find(args.home)
    providers = load(
        Path(args.config) if args.config else home.config if home.config.exists() else None, os.environ
    ).config.providers
    configured = providers.get(args.name)
    preset = presets().get((configured.preset or "") if configured else args.name)
    if configured is None and preset is None:
        raise NotFound(f"no provider {shown(args.name)} is known", nearest(args.name, [*providers, *presets()]))
    facts = _facts(args.name, configured, preset)
    if args.output == "table":
        sys.stdout.write(_text(facts))
    else:
        print_object(facts, args.output)
    return 0


def _facts(name: str, configured: "Provider | None", preset: "Preset | None") -> dict[str, Any]:
    import msgspec

    from gatewatch.config.target_privacy import quirks_of
    from gatewatch.providers.privacy import Privacy
    from gatewatch.providers.quirks import Quirks

    sources = {each.dialect: each.source for each in preset.endpoints} if preset else {}
    quirks = quirks_of(configured) if configured else preset.quirks if preset else Quirks()
    return {
        "name": name,
        "preset": configured.preset if configured else name,
        "title": preset.title if preset else None,
        "docs": preset.docs if preset else None,
        "endpoints": [
            {"dialect": way.dialect, "base_url": way.base_url, "source": sources.get(way.dialect, "")}
            for way in (configured.ways if configured else preset.endpoints if preset else ())
        ],
        "regions": list(preset.regions) if preset else [],
        "key_header": (configured and configured.key_header) or (preset and preset.key_header) or None,
        "auth": (configured and configured.auth) or (preset.auth if preset else "key"),
        "variables": list(preset.env) if preset else [],
        "quirks": msgspec.to_builtins(quirks),
        "quirks_source": preset.quirks_source if preset else "",
        "errors": list(preset.errors) if preset else [],
        "rate_limits": preset.rate_limits if preset else "unknown",
        "note": preset.note if preset else "",
        "privacy": _privacy(preset.privacy if preset else Privacy(), configured),
    }


def _privacy(known: "Privacy", configured: "Provider | None") -> dict[str, Any]:
    """What is known, or in its place what the configuration states of the account."""
    import msgspec

    from gatewatch.config.target_privacy import stated

    facts: dict[str, Any] = {}
    for name in ("trains", "retention_days", "zero_retention"):
        fact = getattr(known, name)
        own = getattr(stated(configured), name) if configured else None
        facts[name] = (
            {"value": own, "source": "the configuration", "date": "", "note": ""}
            if own is not None
            else {field: getattr(fact, field) for field in ("value", "source", "date", "note")}
        )
    return msgspec.to_builtins(facts)  # type: ignore[no-any-return]


def _text(facts: dict[str, Any]) -> str:
    """The same for a terminal: every claim on a line, and what it rests on below."""
    import json

    from gatewatch.safe_text import safe

    lines = [(name, facts[name], "") for name in ("name", "preset", "title", "docs") if facts[name]]
    lines += [(each["dialect"], each["base_url"], each["source"]) for each in facts["endpoints"]]
    lines += [(name, ", ".join(facts[name]), "") for name in ("regions", "variables", "errors") if facts[name]]
    lines += [(name, facts[name], "") for name in ("key_header", "auth", "rate_limits") if facts[name]]
    lines += [(name, json.dumps(value), "") for name, value in facts["quirks"].items()]
    if facts["quirks_source"]:
        lines.append(("", "", facts["quirks_source"]))
    for name, fact in facts["privacy"].items():
        source = f"{fact['source']} ({fact['date']})" if fact["date"] else fact["source"]
        lines.append((name, "unknown" if fact["value"] is None else fact["value"], source))
        if fact["note"]:
            lines.append(("", fact["note"], ""))
    if facts["note"]:
        lines.append(("note", facts["note"], ""))
    text = ""
    for name, value, source in lines:
        text += f"{name:<20} {safe(str(value), 500)}\n" if value != "" else ""
        text += f"{'':<20} {safe(source, 500)}\n" if source else ""
    return text
