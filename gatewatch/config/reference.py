"""The configuration's reference, made from the models: the JSON schema and the tables of docs/configuration.md.

`python -m gatewatch.config.reference docs/configuration.md docs/providers.md` renews the tables; a test says when they
are old.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gatewatch.config.models import Config
from gatewatch.config.section import Section
from gatewatch.config.validation import inside, kinds
from gatewatch.providers.catalogue import Preset, presets
from gatewatch.providers.opt_out import merged
from gatewatch.providers.privacy import Fact
from gatewatch.providers.quirks import Quirks

Schema = dict[str, Any]

_BLOCK = re.compile(r"(<!-- begin (\w+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)


def json_schema() -> Schema:
    """JSON schema (2020-12) of the file as a YAML reader sees it. Defaults are written as they are typed."""
    schema = Config.model_json_schema()
    for _, section in sections():
        part = schema if section is Config else schema["$defs"][section.__name__]
        defaults = section.model_construct().model_dump(mode="json", exclude_none=True)
        for name, value in part["properties"].items():
            if value.get("title") == name.replace("_", " ").title():
                del value["title"]
            if value.pop("default", None) is not None:
                value["default"] = defaults[name]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "gatewatch.yaml"}


def sections() -> list[tuple[str, type[Section]]]:
    """Every mapping of the file with its place; one that stands in several places, with the outermost."""
    places: dict[type[Section], str] = {}
    for place, section in _walk("", Config):
        if section not in places or place.count(".") < places[section].count("."):
            places[section] = place
    return [(place, section) for section, place in places.items()]


def _walk(path: str, section: type[Section]) -> Iterator[tuple[str, type[Section]]]:
    yield path, section
    for name, field in section.model_fields.items():
        place = f"{path}.{name}" if path else name
        parts = (
            (field.annotation, ""),
            (inside(field.annotation, "NAME"), ".NAME"),
            (inside(field.annotation, 0), "[]"),
        )
        for part, suffix in parts:
            for kind in kinds(part):
                if isinstance(kind, type) and issubclass(kind, Section):
                    yield from _walk(place + suffix, kind)


def keys_tables() -> str:
    """One table for each mapping of the file."""
    schema = json_schema()
    text = ""
    for place, section in sections():
        part = schema if section is Config else schema["$defs"][section.__name__]
        if place:
            text += f"### `{place}`\n\n{part['description']}\n\n"
        text += "| key | value | default | |\n|---|---|---|---|\n"
        for name, value in part["properties"].items():
            required = name in part.get("required", ())
            default = "required" if required else _default(value.get("default"))
            about = value.get("description") or schema["$defs"][value["$ref"].rpartition("/")[2]]["description"]
            text += f"| `{name}` | {_kind(value)} | {default} | {' '.join(about.split())} |\n"
        text += "\n"
    return text


def presets_table() -> str:
    """What each preset brings."""
    text = "| preset | dialects and base URLs | usual variable |\n|---|---|---|\n"
    for name, preset in presets().items():
        variables = ", ".join(f"`{variable}`" for variable in preset.env) or _without_variable(preset)
        text += f"| `{name}` | {_addresses(preset)} | {variables} |\n"
    return text


def _addresses(preset: Preset) -> str:
    if preset.base_url_hint and not all("{region}" in endpoint.base_url for endpoint in preset.endpoints):
        dialects = _names(endpoint.dialect for endpoint in preset.endpoints)
        return f"{dialects}: give `base_url`, as in `{preset.base_url_hint}`"
    by_url: dict[str, list[str]] = {}
    for endpoint in preset.endpoints:
        by_url.setdefault(endpoint.base_url, []).append(endpoint.dialect)
    return "<br>".join(f"{_names(dialects)}: `{url}`" for url, dialects in by_url.items())


def _without_variable(preset: Preset) -> str:
    if preset.auth == "google":
        return "Google's credentials"
    return "no key" if preset.local else "none"


def privacy_table() -> str:
    """What each provider does with prompts, and where that stands."""
    text = (
        "| preset | trains on prompts | keeps them | zero retention | what `privacy` sends |\n|---|---|---|---|---|\n"
    )
    for name, preset in presets().items():
        known = preset.privacy
        days = known.retention_days.value
        kept = "unknown" if days is None else "no" if days == 0 else f"{days} days"
        cells = (
            _sourced(known.trains.value, known.trains),
            _sourced(kept, known.retention_days),
            _sourced(known.zero_retention.value, known.zero_retention),
            _sent(preset.quirks),
        )
        text += f"| `{name}` | {' | '.join(cells)} |\n"
    return text


def _sent(quirks: Quirks) -> str:
    """What goes with a request, whatever its kind."""
    said: dict[str, Any] = {}
    for parameters in (*quirks.opt_out.values(), *quirks.zero_retention.values()):
        said = merged(said, parameters)
    return ", ".join(f"`{name}: {json.dumps(value)}`" for name, value in (said | quirks.opt_out_headers).items())


def _sourced(words: str, fact: Fact) -> str:
    said = f"[{words}]({fact.source})" if fact.source else words
    return f"{said}: {fact.note}" if fact.note else said


def renewed(text: str) -> str:
    """Markdown with what stands between the marks made anew."""
    blocks = {"keys": keys_tables, "presets": presets_table, "privacy": privacy_table}
    return _BLOCK.sub(lambda match: f"{match[1]}\n{blocks[match[2]]().strip()}\n\n{match[3]}", text)


def _kind(schema: Schema) -> str:
    if "anyOf" in schema:
        return " or ".join(_kind(part) for part in schema["anyOf"] if part.get("type") != "null")
    if "enum" in schema:
        return _names(schema["enum"]) if len(schema["enum"]) < 8 else "a name of the table below"
    if "const" in schema:
        return f"`{schema['const']}`"
    if "title" in schema:
        return str(schema["title"])
    if "items" in schema:
        return f"list of {_kind(schema['items'])}"
    if "additionalProperties" in schema:
        return f"NAME: {_kind(schema['additionalProperties'])}"
    return {"integer": "number", "boolean": "`true`, `false`", "string": "text"}.get(schema.get("type", ""), "mapping")


def _default(value: object) -> str:
    if value is None or value in ({}, []):
        return ""
    if isinstance(value, dict):
        return "as below"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _names(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    for page in map(Path, sys.argv[1:]):
        page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")
