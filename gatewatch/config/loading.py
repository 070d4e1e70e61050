"""The way in: a file, or the environment alone, becomes a checked and completed configuration, or one error that names
everything that is wrong with it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gatewatch.config.base_url_form import remark, remark_on_query
from gatewatch.config.completion import complete, from_environment
from gatewatch.config.document import Document, dump, read_document
from gatewatch.config.models import Config
from gatewatch.config.not_in_force import not_enforced
from gatewatch.config.problems import ConfigError, KeyPath, Lines, Problem, key_text
from gatewatch.config.rules import broken_rules, workers_problem
from gatewatch.config.validation import problems_of
from gatewatch.keys.secret_shapes import without_secrets
from gatewatch.providers.catalogue import presets


@dataclass(frozen=True)
class Loaded:
    """A configuration that may be put in force."""

    config: Config
    """Completed: presets filled in."""
    warnings: tuple[str, ...]
    """What to tell the operator, one line each."""
    version: str
    """Twelve hex digits that change when what the configuration means changes."""
    path: Path | None
    """The file; None when there is none."""
    lines: Lines

    def require(self, *, workers: int) -> None:
        """Raises ConfigError where so many workers could not keep the limits."""
        if problem := workers_problem(self.config, workers):
            raise ConfigError([problem], self.lines)

    def tree(self) -> dict[str, Any]:
        """The effective configuration as it would be written; secrets are references."""
        return self.config.model_dump(mode="json", exclude_none=True)

    def text(self) -> str:
        """The same as YAML, which loads to the same configuration."""
        return dump(self.tree())


def load(path: Path | None, environ: Mapping[str, str]) -> Loaded:
    """Read `path`; without one, configure the providers whose usual variables are set in `environ`.

    Raises ConfigError, and nothing else. Reads no secret and asks no name server.
    """
    try:
        return _read(path, environ)
    except ConfigError:
        raise
    except Exception as error:  # a mistake of ours must not end who asks: a gateway that runs keeps what is in force
        said = without_secrets(f"{type(error).__name__}: {error}")
        problem = Problem((), f"what cannot be checked ({said})", "what the reference describes; please report this")
        raise ConfigError([problem], Lines(str(path) if path else "no file")) from error


def _read(path: Path | None, environ: Mapping[str, str]) -> Loaded:
    if path is None:
        return _loaded(Document(from_environment(environ)), None)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ConfigError([Problem((), "bytes that are not UTF-8", "UTF-8", line)], Lines(str(path))) from None
    except OSError as error:
        why = (error.strerror or "cannot be read").lower()
        raise ConfigError([Problem((), why, "a file that can be read")], Lines(str(path))) from None
    return _loaded(read_document(text), path)


def _loaded(document: Document, path: Path | None) -> Loaded:
    lines = Lines(str(path) if path else "no file", document.lines)
    problems = list(document.problems)
    config: Config | None = None
    try:
        config = Config.model_validate({} if document.tree is None else document.tree)
    except ValidationError as error:
        problems += problems_of(error, Config)
    if config:
        config, missing = complete(config)
        problems += [*missing, *broken_rules(config)]
    if problems or not config:
        raise ConfigError(problems, lines)
    return Loaded(config, tuple(_warnings(config, path, lines)), _version(config), path, lines)


def _warnings(config: Config, path: Path | None, lines: Lines) -> list[str]:
    said = [f"{lines.where(key)}: {key_text(key)}: {what}" for key, what in not_enforced(config)]
    said += [f"{lines.where(key)}: {key_text(key)}: {what}" for key, what in _odd_addresses(config, lines)]
    if config.listen.is_wildcard and config.behind_proxy and not lines.line(("hosts",)):
        said.append(f"{lines.where(('listen',))}: hosts: only requests for localhost are served; name your hosts")
    if not config.providers:
        next_step = "add one under providers" if path else "set OPENAI_API_KEY or another provider's usual variable"
        said.append(f"{lines.source}: no provider is configured, so no call can be served: {next_step}")
    return said


def _odd_addresses(config: Config, lines: Lines) -> Iterator[tuple[KeyPath, str]]:
    for name, provider in config.providers.items():
        path: KeyPath = ("providers", name)
        known = {endpoint.base_url for endpoint in presets()[provider.preset].endpoints} if provider.preset else set()
        one_for_all = (*path, "base_url") in lines.of  # several dialects of a preset at the one address of the file
        for index, endpoint in enumerate(provider.ways):
            if endpoint.base_url not in known and (what := remark(endpoint.dialect, endpoint.base_url)):
                place: KeyPath = ("endpoints", index) if provider.endpoints and not one_for_all else ()
                yield (*path, *place, "base_url"), what
                if one_for_all:
                    break
        for missing in {remark_on_query(endpoint.base_url, provider.query) for endpoint in provider.ways} - {None}:
            yield (*path, "query"), str(missing)


def _version(config: Config) -> str:
    meaning = json.dumps(config.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(meaning.encode()).hexdigest()[:12]
