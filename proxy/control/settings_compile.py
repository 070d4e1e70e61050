"""The configuration and its secrets → what a worker is told.

Keeps true: nothing is left for a worker to look up or to complete, and a secret that could not be sent as a header is
refused here, unseen.
"""

import hmac
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from gatewatch.config import Config, ConfigError, Loaded, Problem
from gatewatch.config import models as written
from gatewatch.config.leak_policy import reactions_of
from gatewatch.config.limit_rules import rules_of
from gatewatch.config.problems import KeyPath
from gatewatch.config.target_privacy import quirks_of
from gatewatch.errors import GatewatchError
from gatewatch.limits.shared.address import read_url
from gatewatch.paths import Home
from gatewatch.providers.catalogue import presets
from proxy.control.extras import missing_extras
from proxy.control.pacing_compile import compile_pacing
from proxy.control.routes_compile import compile_deadlines, compile_route, compile_routing
from proxy.routing import CacheBounds
from proxy.settings import Bodies, Caps, Deferring, Limiting, Provider, ProviderKey, Settings, Way

_HEADER_SAFE = re.compile(r"[!-~]{1,8192}")
_AWS_KEY = re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{8,124}:[!-9;-~]{16,256}(?::[!-~]{1,8192})?")
_SERVICE_ACCOUNT = ("client_email", "private_key", "token_uri")


def compile_settings(loaded: Loaded, home: Home, pepper_hex: str, resolve: Callable[[str], str | None]) -> Settings:
    """Everything one worker needs. `resolve` turns a reference into its secret, None for `none`.

    Raises ConfigError, which names every provider whose key is missing or cannot be sent.
    """
    config = loaded.config
    problems: list[Problem] = []
    pepper = bytes.fromhex(pepper_hex)
    providers = {name: _provider(name, config, pepper, resolve, problems) for name in config.providers}
    limits_url = _limits_url(config, resolve, problems)
    if problems:
        raise ConfigError(problems, loaded.lines)
    return Settings(
        config_version=loaded.version,
        home=str(home.root),
        hosts=config.hosts or (),
        pepper=pepper_hex,
        providers=providers,
        routes={name: compile_route(name, model) for name, model in config.models.items()},
        deadlines=compile_deadlines(config.deadlines),
        caps=_caps(config.caps),
        tls=(_path(config.tls.cert), _path(config.tls.key)) if config.tls else None,
        trusted_proxies=config.behind_proxy.trusted if config.behind_proxy else (),
        bodies=Bodies(
            on=config.ledger.bodies == "on",
            routes={name: model.bodies == "on" for name, model in config.models.items() if model.bodies},
            teams={name: team.bodies == "on" for name, team in config.teams.items() if team.bodies},
            most_bytes=config.ledger.body_size,
        ),
        limiting=Limiting(
            rules=rules_of(config),
            unpriced="refuse" if config.unpriced.policy == "refuse" else "allow",
            when_away=config.stores.limits_away,
        ),
        limits_url=limits_url,
        pacing=compile_pacing(config),
        routing=compile_routing(config),
        cache=CacheBounds(size=config.cache.size, entry=config.cache.entry, shared=config.cache.shared),
        deferring=Deferring(**dict(config.deferred)),
        leaks=reactions_of(config),
        leaks_of_teams={
            name: reactions_of(config, name) for name, team in config.teams.items() if team.leaks != written.TeamLeaks()
        },
    )


def _limits_url(config: Config, resolve: Callable[[str], str | None], problems: list[Problem]) -> str | None:
    """The URL itself, or what its reference leads to."""
    if (url := config.stores.limits) is None:
        return None
    try:
        if url.startswith(("vault:", "env:", "file:")):
            url = resolve(url)
        read_url(url or "")
    except GatewatchError as error:
        problems.append(Problem(("stores", "limits"), error.title, error.next_step or "a reference to its URL"))
    return url


def compile_provider(name: str, loaded: Loaded, resolve: Callable[[str], str | None]) -> Provider:
    """One of the configured providers, its keys without versions. Raises ConfigError as `compile_settings` does."""
    problems: list[Problem] = []
    provider = _provider(name, loaded.config, b"", resolve, problems)
    if problems:
        raise ConfigError(problems, loaded.lines)
    return provider


def _provider(
    name: str, config: Config, pepper: bytes, resolve: Callable[[str], str | None], problems: list[Problem]
) -> Provider:
    provider = config.providers[name]
    assert provider.ways and provider.references, "completed on loading"  # noqa: PT018
    problems += missing_extras(("providers", name), provider)
    preset = presets()[provider.preset] if provider.preset else None
    keys = tuple(_keys(name, provider, preset.stand_in_key if preset else "", pepper, resolve, problems))
    quirks = quirks_of(provider)
    return Provider(
        name=name,
        ways=tuple(Way(dialect=way.dialect, base_url=way.base_url) for way in provider.ways),
        keys=keys,
        key_header=provider.key_header or (preset.key_header if preset else ""),
        price_provider=(preset.prices if preset else "") or provider.preset or name,
        headers={header.lower(): value for header, value in provider.headers.items()},
        query=provider.query or "",
        auth=provider.auth or "key",
        region=provider.region,
        data_class=provider.data_class,
        quirks=msgspec.structs.replace(
            quirks, opt_out_headers={header.lower(): value for header, value in quirks.opt_out_headers.items()}
        ),
        allow_private=provider.allow_private,
    )


def _keys(
    name: str,
    provider: written.Provider,
    stand_in: str,
    pepper: bytes,
    resolve: Callable[[str], str | None],
    problems: list[Problem],
) -> Iterator[ProviderKey]:
    bound = {each.name: each for each in provider.api_keys or ()}
    for index, (id, reference) in enumerate(provider.references.items()):
        path: KeyPath = ("providers", name, *(("api_keys", index, "key") if bound else ("api_key",)))
        secret: str | None = None
        try:
            secret = resolve(reference)
        except GatewatchError as error:
            allowed = (error.next_step or "a key that is there") + _instead_of_a_key(provider)
            problems.append(Problem(path, error.title, allowed))
        if secret is not None and (wrong := _useless(secret, provider.auth or "key")):
            problems.append(Problem(path, *wrong))
        secret = secret or stand_in or None
        version = hmac.digest(pepper, secret.encode(), "sha256").hex()[:12] if secret and pepper else ""
        own = bound.get(id)
        yield ProviderKey(
            id=id,
            secret=secret,
            version=version,
            weight=own.weight if own else 1,
            teams=own.teams if own else None,
            routes=own.models if own else None,
        )


def _instead_of_a_key(provider: written.Provider) -> str:
    """What those who have AWS's credentials and no key of Bedrock may not know."""
    bedrock = any(way.dialect == "bedrock-converse" for way in provider.ways) and provider.auth in (None, "key")
    return ", or auth: sigv4 for AWS's own credentials" if bedrock else ""


def _useless(secret: str, auth: str) -> tuple[str, str] | None:
    """Why a secret cannot be what `auth` needs, and what it must be; never the secret."""
    if auth == "sigv4":
        known = _AWS_KEY.fullmatch(secret)
        return None if known else ("a key that is none of AWS's", "ACCESS_KEY_ID:SECRET_ACCESS_KEY[:SESSION_TOKEN]")
    if auth == "google":
        return None if _is_service_account(secret) else ("no service account", "the JSON of one, or none")
    if secret.startswith("{") or _AWS_KEY.fullmatch(secret):
        kind, auths = ("JSON", "google") if secret.startswith("{") else ("a key of AWS", "sigv4")
        return (f"{kind} where a key is sent as it is", f"auth: {auths} beside it, or the key alone")
    return None if _HEADER_SAFE.fullmatch(secret) else ("a key that no header can carry", "printable ASCII")


def _is_service_account(secret: str) -> bool:
    try:
        said = msgspec.json.decode(secret)
    except msgspec.DecodeError:
        return False
    return isinstance(said, dict) and all(isinstance(said.get(name), str) for name in _SERVICE_ACCOUNT)


def _caps(caps: written.Caps) -> Caps:
    return Caps(
        body_bytes=caps.body,
        header_bytes=caps.headers,
        header_count=caps.header_count,
        url_bytes=caps.url,
        header_seconds=_seconds(caps.header_time),
        body_seconds=_seconds(caps.body_time),
        keep_alive_seconds=_seconds(caps.keep_alive),
        write_seconds=_seconds(caps.write_time),
        connections=caps.connections,
        connections_per_source=caps.connections_per_source,
        reply_bytes=caps.reply,
        sse_line_bytes=caps.sse_line,
        held_reply_bytes=caps.held_reply,
    )


def _seconds(microseconds: int) -> float:
    return microseconds / 1_000_000


def _path(text: str) -> str:
    return str(Path(text).expanduser().absolute())
