"""The configuration file as pydantic models. The text under a key is its documentation: `gatewatch config schema`
and docs/configuration.md are made from it.

Keeps true: no key is taken that is not declared here. What can only be judged by looking at several keys is in
`rules.py`; what a preset brings is filled in by `completion.py`.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gatewatch.config.presets import Dialect, PresetName
from gatewatch.config.values import (
    Address,
    Count,
    Duration,
    Flag,
    HostName,
    ListenAddress,
    ModelName,
    Network,
    Percent,
    ProviderName,
    Reference,
    Size,
    TeamName,
    Usd,
)

_SECOND = 1_000_000


class Section(BaseModel):
    """A mapping in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Tls(Section):
    """A certificate and its key, as PEM files."""

    cert: str = Field(min_length=1)
    """File with the certificate and its chain."""
    key: str = Field(min_length=1)
    """File with the private key."""


class BehindProxy(Section):
    """A reverse proxy in front that ends TLS."""

    trusted: tuple[Network, ...] = Field(min_length=1)
    """Networks of the proxies whose `X-Forwarded-For` is believed."""


class Stores(Section):
    """Where state lives; left out, everything is embedded and on this machine."""

    control: str | None = None
    """Keys, teams, budgets, audit: `postgresql://…` or a reference to such a URL."""
    ledger: str | None = None
    """Calls and everything that is counted: `postgresql://…` (the catalog of a DuckLake) or a reference."""
    limits: str | None = None
    """Rate windows and reservations of several workers: `redis://…` or a reference."""


class Control(Section):
    """Where consoles and commands reach the gateway."""

    listen: Literal["unix"] | ListenAddress = "unix"
    """`unix` (a socket of mode 0600 on this machine), or `HOST:PORT` with `tls`."""
    tls: Tls | None = None
    """Needed for every listen but `unix`."""


class Provider(Section):
    """One account at one provider, or one server of your own."""

    preset: PresetName | None = None
    """A provider that is known: brings `base_url`, `dialect` and the price list."""
    dialect: Dialect | None = None
    """The wire format that it is spoken to in. Left out: the preset's."""
    base_url: str | None = None
    """Where its API is, with `/v1` for the OpenAI dialects and without a version for Anthropic's and Gemini's.
    https and public, unless `allow_private`. Left out: the preset's."""
    api_key: Reference | None = None
    """Where its key is: `vault:NAME`, `env:NAME`, `file:PATH`, or `none`. Left out: the preset's usual variable."""
    headers: dict[str, str] = {}
    """More request headers for every call to it; never credentials."""
    region: str | None = Field(default=None, pattern=r"^[a-z0-9-]{1,40}$")
    """The provider's region; part of the address where the preset says so."""
    allow_private: Flag = False
    """Whether it may be reached at private addresses and over plain http. Presets of local servers bring it."""


class Deadlines(Section):
    """How long a call may take, by phase."""

    connect: Duration = 5 * _SECOND
    """Until the connection to the provider stands, TLS included."""
    first_byte: Duration = 60 * _SECOND
    """From the request sent to the first byte of the reply."""
    idle: Duration = 60 * _SECOND
    """Between two bytes of the reply."""
    total: Duration = 600 * _SECOND
    """The whole call, over all its attempts."""


class Model(Section):
    """A name that apps ask for, and where its calls may go."""

    targets: tuple[str, ...] = Field(min_length=1)
    """`provider/model`, the first choice first."""
    strategy: Literal["order"] = "order"
    """How a target is chosen: `order` takes the first that answers."""
    deadlines: Deadlines | None = None
    """Its own deadlines; what is left out of them is as in the top-level `deadlines`."""
    budget_step_down: Flag = False
    """Whether a team whose budget is nearly spent is sent to the cheaper targets."""


class Budget(Section):
    """How much may be spent."""

    usd: Usd
    """US dollars in each period."""
    period: Literal["day", "week", "month"] = "month"
    """When it begins anew, in UTC."""
    soft: Percent | None = None
    """The share of it at which warnings and stepping down begin."""


class Limits(Section):
    """How much may be asked in a minute."""

    rpm: Count | None = None
    """Requests."""
    tpm: Count | None = None
    """Tokens, input and output."""


class Team(Section):
    """Whom calls are charged to."""

    budget: Budget | None = None
    """What the team may spend."""
    limits: Limits | None = None
    """How fast it may ask."""
    models: tuple[ModelName, ...] | None = Field(default=None, min_length=1)
    """The only models it may ask for; left out: any."""


class Retention(Section):
    """How long the ledger keeps things."""

    calls: Duration | None = None
    """Calls and attempts; left out: for ever. Rollups stay."""
    bodies: Duration | None = None
    """Prompts and replies."""


class Ledger(Section):
    """What is kept of calls."""

    bodies: Literal["off", "on"] = "off"
    """Whether prompts and replies are kept, redacted."""
    retention: Retention = Retention()
    """How long."""


class Caps(Section):
    """Bounds that keep one client or one reply from hurting the others."""

    body: Size = 32 * 2**20
    """A request's body."""
    headers: Size = 32 * 2**10
    """All request headers together."""
    header_count: Count = 100
    """Request headers."""
    url: Size = 8 * 2**10
    """The request target."""
    header_time: Duration = 10 * _SECOND
    """Until the request headers have arrived."""
    body_time: Duration = 60 * _SECOND
    """Until the request body has arrived."""
    keep_alive: Duration = 75 * _SECOND
    """How long an idle client connection is kept."""
    write_time: Duration = 60 * _SECOND
    """How long a client may take nothing of its reply."""
    connections: Count = 10_000
    """Client connections of one worker."""
    connections_per_source: Count = 4_096
    """Client connections from one address."""
    reply: Size = 64 * 2**20
    """A provider's reply."""
    sse_line: Size = 8 * 2**20
    """One line of a stream."""
    held_reply: Size = 2**20
    """Up to here a plain reply is held, so that its cost stands in the response headers."""


class Config(Section):
    """The whole file."""

    listen: ListenAddress = Address("127.0.0.1", 4000)
    """Where apps reach the gateway. Anything but loopback needs `tls` or `behind_proxy`."""
    tls: Tls | None = None
    """Serve https."""
    hosts: tuple[HostName, ...] | None = Field(default=None, min_length=1)
    """Host names that requests may be addressed to. Left out: the loopback names and the host of `listen`."""
    behind_proxy: BehindProxy | None = None
    """Says that a proxy ends TLS in front of the gateway."""
    workers: int = Field(default=1, ge=1, le=64)
    """Worker processes; `serve --workers` overrides it."""
    stores: Stores = Stores()
    """Where state lives."""
    control: Control = Control()
    """Where consoles and commands reach the gateway."""
    providers: dict[ProviderName, Provider] = {}
    """Name → provider. Apps may ask for `name/model` of each."""
    models: dict[ModelName, Model] = {}
    """Name that apps ask for → where it may go."""
    deadlines: Deadlines = Deadlines()
    """How long a call may take."""
    teams: dict[TeamName, Team] = {}
    """Name → team. What stands here is changed here only."""
    ledger: Ledger = Ledger()
    """What is kept of calls."""
    vault: Literal["auto", "keyring", "file"] = "auto"
    """Where `vault:` secrets are: the system's key ring, an encrypted file, or the first of them that works."""
    caps: Caps = Caps()
    """Bounds on requests, replies and connections."""
