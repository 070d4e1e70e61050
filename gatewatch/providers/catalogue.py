"""The providers that are known by name: `catalogue.toml`, read once.

Keeps true: an entry has no field that is not declared here, and every claim about privacy says where it stands.
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from gatewatch.providers.dialects import Dialect
from gatewatch.providers.privacy import Privacy
from gatewatch.providers.quirks import Quirks

Auth = Literal["key", "sigv4", "google"]
RateLimitFamily = Literal["openai", "anthropic", "mistral", "none", "unknown"]
ErrorOddity = Literal["200-with-error", "list-on-streams", "number-codes", "403-without-money", "list-of-details"]


class Endpoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One wire format of a provider, and where it is spoken."""

    dialect: Dialect
    base_url: str
    """`{region}` and `{project}` are filled in from the configuration; another `{name}` asks for a base URL."""
    source: str = ""
    """Where the provider documents it, for what is not its own main API."""
    named_only: bool = False
    """Spoken only where the configuration names the dialect: translating to the provider's own carries more than its
    imitation of another's."""


class Preset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a provider is like until the configuration says otherwise."""

    title: str
    docs: str = ""
    endpoints: tuple[Endpoint, ...]
    """The best dialect first."""
    env: tuple[str, ...] = ()
    """Environment variables that usually hold the key, the most usual first."""
    key_header: str = ""
    """The request header of the key, where it is not each dialect's own."""
    auth: Auth = "key"
    regions: dict[str, tuple[Endpoint, ...]] = {}
    """Region → its endpoints, where they cannot be had by filling in the region."""
    prices: str = ""
    """Whose price list applies; empty: the one of its own name."""
    quirks: Quirks = Quirks()
    quirks_source: str = ""
    errors: tuple[ErrorOddity, ...] = ()
    """What is odd about its error replies."""
    rate_limits: RateLimitFamily = "unknown"
    """Whose names its rate-limit headers have."""
    privacy: Privacy = Privacy()
    local: bool = False
    """Runs on this machine, needs no key, and is no public address."""
    stand_in_key: str = ""
    """Sent where no key is configured, because something must be; no secret."""
    base_url_hint: str = ""
    """What a base URL looks like where the endpoints ask for one."""
    note: str = ""


@cache
def presets() -> dict[str, Preset]:
    """Name → provider, in the order of the file. Not to be changed."""
    text = (files("gatewatch.providers") / "catalogue.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Preset])
