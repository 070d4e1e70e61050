"""What only shows when keys are looked at together. Everything here is judged without a network and without secrets;
of files it asks only whether they can be read.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from gatewatch.config.admin_rules import admin_problems
from gatewatch.config.alert_problems import alert_problems
from gatewatch.config.alert_sinks import sink_problems
from gatewatch.config.base_url import objection
from gatewatch.config.cache_problems import cache_problems
from gatewatch.config.limit_problems import limit_problems
from gatewatch.config.limit_rules import rules_of
from gatewatch.config.metrics import metrics_problems
from gatewatch.config.models import Config, Provider, Quirks
from gatewatch.config.problems import KeyPath, Problem, found_text, nearest
from gatewatch.config.provider_keys import key_problems
from gatewatch.config.retention_problems import retention_problems
from gatewatch.config.routing_problems import routing_problems
from gatewatch.config.target_privacy import privacy_problems
from gatewatch.config.values import REFERENCE_FORMS, Address
from gatewatch.keys.secret_shapes import is_known_secret
from gatewatch.providers.dialects import DIALECTS

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_HEADER_VALUE = re.compile(r"[ -~]{0,2000}")
_QUERY = re.compile(r"[A-Za-z0-9._~%+:,;@!$'()*/=&-]{1,500}")
_OURS = frozenset(
    (
        *("host", "content-length", "content-type", "transfer-encoding", "connection", "keep-alive", "upgrade"),
        *("te", "trailer", "expect", "accept-encoding", "proxy-connection"),
    )
)
_CREDENTIAL = re.compile(
    r"authorization|cookie|(?:^|[-_])(?:key|apikey|token|secret|password|auth)(?:$|[-_])", re.IGNORECASE
)
_PASSWORD_IN_URL = re.compile(r"://[^@]*:[^@]*@")
"""Also where the password holds what ends a URL's authority."""
_STORES = {
    "control": ("postgresql", "postgres"),
    "ledger": ("postgresql", "postgres"),
    "limits": ("redis", "rediss", "unix"),
}
_REFERENCE = re.compile(r"(?:vault|env|file):")


def broken_rules(config: Config) -> list[Problem]:
    """Every rule that the completed configuration breaks."""
    rules: tuple[Callable[[Config], Iterator[Problem]], ...] = (
        _listening, _stores, _vault_options, _providers, key_problems, admin_problems, routing_problems,
        privacy_problems, _teams, limit_problems, sink_problems, alert_problems, metrics_problems, retention_problems,
        cache_problems,
    )  # fmt: skip
    # whether workers can keep the limits is only known of limits that are sound
    return [problem for rule in rules for problem in rule(config)] or list(_workers(config))


def workers_problem(config: Config, workers: int) -> Problem | None:
    """Why so many workers cannot keep the limits, or None. `serve --workers` asks again with its own number."""
    limited = [rule.id for rule in rules_of(config)]
    if workers < 2 or not limited or config.stores.limits:
        return None
    return Problem(
        ("stores", "limits"),
        f"nothing, with {workers} workers and {', '.join(limited[:3])}",
        "a store that workers count in together (redis://…), or workers: 1",
    )


def _workers(config: Config) -> Iterator[Problem]:
    if problem := workers_problem(config, config.workers):
        yield problem


def _listening(config: Config) -> Iterator[Problem]:
    if not config.listen.is_loopback and not config.tls and not config.behind_proxy:
        yield Problem(
            ("listen",),
            f"{config.listen}, where other machines could read keys and prompts in the clear",
            "a loopback address such as 127.0.0.1:4000, or tls: {cert, key}, or behind_proxy: {trusted: [..]}",
        )
    for name, tls in (("tls", config.tls), ("control", config.control.tls)):
        for kind in ("cert", "key") if tls else ():
            path: KeyPath = (name, kind) if name == "tls" else (name, "tls", kind)
            if not os.access(Path(getattr(tls, kind)).expanduser(), os.R_OK):
                yield Problem(path, found_text(path, getattr(tls, kind)), "a file that can be read")
    if isinstance(config.control.listen, Address) and not config.control.tls:
        yield Problem(
            ("control", "listen"), f"{config.control.listen} without tls", "unix, or tls: {cert, key} beside it"
        )
    if config.control.listen == config.listen and config.listen.port:
        yield Problem(("control", "listen"), f"{config.listen}, where apps call", "another port")
    if (client_ca := config.control.client_ca) and not os.access(Path(client_ca).expanduser(), os.R_OK):
        yield Problem(
            ("control", "client_ca"), found_text(("control", "client_ca"), client_ca), "a file that can be read"
        )


def _stores(config: Config) -> Iterator[Problem]:
    for name, schemes in _STORES.items():
        url = getattr(config.stores, name)
        if url is None or _REFERENCE.match(url):
            continue
        path: KeyPath = ("stores", name)
        forms = ["redis://HOST:PORT", "unix:///PATH"] if "unix" in schemes else [f"{schemes[0]}://HOST/…"]
        allowed = f"{', '.join(forms)}, or where the URL is: env:NAME, vault:NAME, file:PATH"
        try:
            parts = urlsplit(url)
        except ValueError:
            yield Problem(path, "no URL", allowed)
            continue
        if parts.password is not None or _PASSWORD_IN_URL.search(url):
            yield Problem(
                path, "a URL with a password in it", "a reference to the URL: env:NAME, vault:NAME, file:PATH"
            )
        elif parts.scheme not in schemes or not (parts.path.strip("/") if parts.scheme == "unix" else parts.hostname):
            yield Problem(path, found_text(path, url), allowed)


def _vault_options(config: Config) -> Iterator[Problem]:
    for name, value in config.vault_options.items():
        path: KeyPath = ("vault_options", name)
        if is_known_secret(name) or is_known_secret(value) or _PASSWORD_IN_URL.search(value):
            yield Problem(path[:1], "a secret", "where it is: env:NAME or file:PATH")
        elif _CREDENTIAL.search(name) and not re.match("(?:env|file):", value):
            yield Problem(path, "no reference", "where it is: env:NAME or file:PATH")


def _providers(config: Config) -> Iterator[Problem]:
    for name, provider in config.providers.items():
        path: KeyPath = ("providers", name)
        for index, endpoint in enumerate(provider.ways):
            place: KeyPath = ("endpoints", index, "base_url") if provider.endpoints else ("base_url",)
            if wrong := objection(endpoint.base_url, provider.allow_private):
                yield Problem((*path, *place), *wrong)
        yield from _key_problems(path, provider)
        if provider.auth == "sigv4" and provider.ways and not provider.region:
            yield Problem((*path, "region"), "nothing", "the AWS region that requests are signed for, as in us-east-1")
        for header, value in provider.headers.items():
            if problem := _header_problem((*path, "headers", header), header, value):
                yield problem
        if provider.quirks:
            yield from _quirk_problems((*path, "quirks"), provider.quirks)


def _key_problems(path: KeyPath, provider: Provider) -> Iterator[Problem]:
    if provider.key_header and (
        not _HEADER_NAME.fullmatch(provider.key_header)
        or provider.key_header in _OURS
        or provider.key_header == "cookie"
    ):
        yield Problem((*path, "key_header"), "no header for a key", "authorization, or a name such as api-key")
    if provider.query is not None:
        if not _QUERY.fullmatch(provider.query):
            yield Problem((*path, "query"), "no query", "NAME=VALUE&NAME=VALUE, escaped, without a ? before it")
        elif any(_CREDENTIAL.search(part.partition("=")[0]) for part in provider.query.split("&")):
            yield Problem((*path, "query"), "a credential in a query", f"api_key: {REFERENCE_FORMS}, and key_header")


def _quirk_problems(path: KeyPath, quirks: Quirks) -> Iterator[Problem]:
    for name, value in (quirks.opt_out_headers or {}).items():
        if problem := _header_problem((*path, "opt_out_headers", name), name, value):
            yield problem
    kinds = (*DIALECTS, "completions", "embeddings")
    for name in ("opt_out", "zero_retention"):
        for kind in getattr(quirks, name) or {}:
            if kind not in kinds:
                yield Problem((*path, name, kind), found_text(path, kind), nearest(kind, kinds))


def _header_problem(path: KeyPath, name: str, value: str) -> Problem | None:
    if not _HEADER_NAME.fullmatch(name):
        return Problem(path[:-1], "a header name that is none", "letters, digits and -")
    if name.lower() in _OURS:
        return Problem(path, "a header that the gateway sets itself", "other headers")
    if _CREDENTIAL.search(name):
        return Problem(path, "a header for credentials", f"api_key: {REFERENCE_FORMS}")
    if not _HEADER_VALUE.fullmatch(value):
        return Problem(path, "a value with control or other characters", "printable ASCII")
    return None


def _teams(config: Config) -> Iterator[Problem]:
    for name, team in config.teams.items():
        for index, model in enumerate(team.models or ()):
            path: KeyPath = ("teams", name, "models", index)
            if model not in config.models and model.partition("/")[0] not in config.providers:
                known = nearest(model, list(config.models))
                yield Problem(
                    path, f"no model {found_text(path, model)}", f"provider/model, or a name under models: {known}"
                )
