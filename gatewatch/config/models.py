"""The configuration file as pydantic models. The text under a key is its documentation: `gatewatch config schema`
and docs/configuration.md are made from it.

Keeps true: no key is taken that is not declared here. What can only be judged by looking at several keys is in
`rules.py`; what a preset brings is filled in by `completion.py`.
"""

from typing import Literal

from pydantic import Field

from gatewatch.config.alert_sinks import Webhook
from gatewatch.config.alerts import Alert
from gatewatch.config.deferred import Deferred
from gatewatch.config.limits import Budget, Limit, RuleName, TeamBudget, TeamLimits, Tier, Unpriced
from gatewatch.config.metrics import Metrics
from gatewatch.config.provider_limits import Pacing, ProviderLimits
from gatewatch.config.retention import Ledger, OnOff
from gatewatch.config.routing import CacheStore, ModelRouting, Resilience, WorkloadRule
from gatewatch.config.section import Section
from gatewatch.config.values import (
    Address,
    CallDuration,
    Count,
    Duration,
    Flag,
    HostName,
    JsonMapping,
    KeyName,
    ListenAddress,
    ModelName,
    Network,
    PresetName,
    ProviderName,
    Reference,
    Size,
    TeamName,
    VaultKind,
)
from gatewatch.keys.leaks import Reaction
from gatewatch.providers.catalogue import Auth
from gatewatch.providers.dialects import Dialect
from gatewatch.providers.privacy import Policy
from gatewatch.routing.data_class import DataClass

_SECOND = 1_000_000

AdminApi = Literal["openai", "openrouter", "anthropic", "azure", "bedrock", "google"]
"""Providers whose admin API is known here."""


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
    """Rate windows and reservations of several workers: `redis://…`, `rediss://…`, `unix:///PATH`, or a reference."""
    limits_away: Literal["refuse", "allow"] = "refuse"
    """What becomes of calls that a limit or a budget concerns while that store cannot be reached."""


class Control(Section):
    """Where consoles and commands reach the gateway."""

    listen: Literal["unix"] | ListenAddress = "unix"
    """`unix` (a socket of mode 0600 on this machine), or beside it `HOST:PORT` with `tls`: for admin keys from other
    machines, under the names of `hosts`."""
    tls: Tls | None = None
    """Needed for every listen but `unix`."""
    client_ca: str | None = Field(default=None, min_length=1)
    """File with the certificates that have to have signed a console's own one, for every listen but `unix`. Left out:
    an admin key is enough."""


class Endpoint(Section):
    """One wire format of a provider, and where it is spoken."""

    dialect: Dialect
    """The wire format."""
    base_url: str
    """Where, as in `base_url` of the provider."""


class Quirks(Section):
    """What is odd about a provider, beside or instead of what its preset says."""

    refuses: tuple[str, ...] | None = None
    """Request parameters that it answers with an error, or ignores although they matter. Apps that send one get a 400
    that names it, unless the model has `drop_params`."""
    renames: dict[str, str] | None = None
    """Request parameter → what it is called there, as in `max_completion_tokens: max_tokens`."""
    stream_usage: Flag | None = None
    """Whether it takes `stream_options: {include_usage: true}`."""
    json_schema: Flag | None = None
    """Whether structured output takes a JSON schema."""
    images: Flag | None = None
    """Whether it takes images."""
    system_role: Literal["system", "developer"] | None = None
    """What leading instructions are called in chat completions."""
    reasoning_field: str | None = Field(default=None, pattern=r"^[a-z_]{0,40}$")
    """Field of an assistant message in which earlier reasoning comes back (`reasoning_content`); empty: nowhere."""
    reasoning_outside: Flag | None = None
    """Whether reasoning tokens stand beside the completion tokens instead of in them."""
    prompt_cache_key: Flag | None = None
    """Whether it takes `prompt_cache_key`, by which requests with the same beginning find the same cache: models with
    `prompt_cache: auto` then send one."""
    reports_cost: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.]{0,80}$")
    """Field of the usage object with the cost in USD that it charges, as in `cost`, or `cost.total_cost` for one inside
    another; one that ends in `_usd_ticks` counts 1e-10 USD. That is then what the call cost."""
    batches: tuple[Dialect, ...] | None = None
    """Dialects for which it has a batch API: OpenAI's (`openai-chat`, `openai-responses`) or Anthropic's
    (`anthropic-messages`); empty: none. Deferred calls go there (docs/deferred.md)."""
    opt_out: dict[str, JsonMapping] | None = None
    """What keeps it from training on a call or storing it, sent where a model asks for `privacy`: a dialect,
    `completions` or `embeddings` → request parameters, as in `openai-responses: {store: false}`."""
    opt_out_headers: dict[str, str] | None = None
    """Request headers to the same end."""
    zero_retention: dict[str, JsonMapping] | None = None
    """As `opt_out`: what makes it keep nothing, sent where a model asks for `privacy: zero_retention`."""


class ApiKey(Section):
    """One of several keys of a provider."""

    name: KeyName
    """What the ledger, screens and commands call it."""
    key: Reference
    """Where it is: `vault:NAME`, `env:NAME`, `file:PATH`."""
    weight: int = Field(default=1, ge=1, le=1000)
    """Its share of the calls, beside the weights of the others."""
    teams: tuple[TeamName, ...] | None = Field(default=None, min_length=1)
    """The only teams whose calls it serves: before keys that serve any, and nobody else's. Left out: any team's."""
    models: tuple[ModelName, ...] | None = Field(default=None, min_length=1)
    """The only names under `models` (or `provider/model`) whose calls it serves, likewise. Left out: any."""
    limits: ProviderLimits | None = None
    """What it may ask, where that differs from the provider's `limits`."""


class Privacy(Section):
    """What the provider does with the prompts of your account there, where that differs from what is known of it."""

    trains: Literal["no", "yes", "opt-out"] | None = None
    """Whether it trains models on them."""
    retention_days: int | None = Field(default=None, ge=0, le=36_500)
    """How long it keeps them at most."""
    zero_retention: Literal["default", "contract", "switch", "none"] | None = None
    """Whether it keeps nothing: by default, by your contract, by a switch that the request sets
    (`quirks.zero_retention`), or never."""


class Admin(Section):
    """The provider's admin API: with it the gateway makes and ends keys itself when they are rotated."""

    key: Reference
    """Where the admin key is. It manages keys; no call of an app carries it. `bedrock`: `ID:SECRET[:TOKEN]` of AWS;
    `google`: the JSON of a service account; for both, `none` takes what is usual there, as with `auth`."""
    api: AdminApi | None = None
    """Whose API it is. Left out: the one of the preset."""
    base_url: str | None = Field(default=None, min_length=1)
    """Where it is. Left out: where the provider has it."""
    project: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_:.-]{1,100}$")
    """`openai`, `google`: the project whose keys these are."""
    service_account: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_:.-]{1,100}$")
    """`openai`: the service account in it that new keys belong to."""
    workspace: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_:.-]{1,100}$")
    """`openrouter`: the workspace whose keys these are. Left out: the default one."""
    tenant: str | None = Field(default=None, pattern=r"^[A-Za-z0-9.-]{1,100}$")
    """`azure`: the tenant of the client that manages the keys; `key` is that client's secret."""
    client: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{1,100}$")
    """`azure`: the client's id."""
    resource: str | None = Field(default=None, pattern=r"^/subscriptions/[A-Za-z0-9_.()/-]{1,400}$")
    """`azure`: the resource whose keys these are, as
    `/subscriptions/.../resourceGroups/.../providers/Microsoft.CognitiveServices/accounts/NAME`. Nobody else may use its
    second key, which is the one that is made anew."""
    user: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_+=,.@-]{1,64}$")
    """`bedrock`: the IAM user whose keys these are. IAM lets it have two, so one place has to be free."""
    days: int | None = Field(default=None, ge=1, le=36_600)
    """`bedrock`: how long new keys last. Left out: as long as the key in use was made for."""
    expires: Duration | None = Field(default=None, ge=_SECOND, le=31_536_000 * _SECOND)
    """`openai`: how long new keys last. Left out: as long as the key in use was made for, as far as its list tells."""
    scopes: tuple[str, ...] | None = Field(default=None, min_length=1)
    """`openai`: what new keys may do, as its API names it. Left out: all that their owner may; the list of keys does
    not tell the scopes of the key in use."""


class Rotation(Section):
    """When its keys are to be rotated."""

    max_age: Duration | None = None
    """The oldest that a key may become; then an alarm says so. Left out: any."""
    automatic: Flag = False
    """Whether a key that is too old is rotated without being asked for, where the admin API makes keys."""
    on_leak: Flag = False
    """Whether a key that stands in a prompt, or that a caller comes with, is rotated without being asked for, where
    the admin API makes keys."""


class Provider(Section):
    """One account at one provider, or one server of your own."""

    preset: PresetName | None = None
    """A provider that is known: brings its dialects and their addresses, the price list, what is odd about it."""
    dialect: Dialect | None = None
    """The one wire format that it is spoken to in. Left out: all that the preset has, and each call takes the one that
    fits it best."""
    base_url: str | None = None
    """Where its API is, with `/v1` for the OpenAI dialects and without a version for Anthropic's and Gemini's.
    https and public, unless `allow_private`. `{model}` in its path is filled in with each call's model. Left out: the
    preset's."""
    endpoints: tuple[Endpoint, ...] | None = Field(default=None, min_length=1)
    """Several wire formats, the best first, instead of `dialect` and `base_url`."""
    api_key: Reference | None = None
    """Where its key is: `vault:NAME`, `env:NAME`, `file:PATH`, or `none`. Left out: the preset's usual variable."""
    api_keys: tuple[ApiKey, ...] | None = Field(default=None, min_length=1)
    """Several keys instead of `api_key`. One that the provider refuses, or whose quota is used up, is not used for a
    while; the others serve meanwhile."""
    key_header: str | None = Field(default=None, min_length=1)
    """The request header of the key: `authorization` (as `Bearer KEY`), or one that holds the bare key, as in
    `api-key`. Left out: the preset's, else the dialect's own."""
    auth: Auth | None = None
    """How it knows who asks: by the `key`; by AWS signatures (`sigv4`), made with a key `ID:SECRET[:TOKEN]` or, with
    `api_key: none`, with AWS's usual credentials; by Google's access tokens (`google`), got with the JSON of a service
    account or, with `none`, with the application default credentials. Left out: the preset's."""
    headers: dict[str, str] = {}
    """More request headers for every call to it; never credentials."""
    query: str | None = None
    """Appended to the query of every request, as in `api-version=2024-10-21`; never credentials."""
    region: str | None = Field(default=None, pattern=r"^[a-z0-9-]{1,40}$")
    """Where it answers, as in `eu-west-1`, `swedencentral` or `eu`: what the `region` of models, keys and calls is held
    against; part of the address where the preset says so, and what AWS signatures are made for. Left out: the one in
    an address of AWS, where requests are signed for it."""
    project: str | None = Field(default=None, pattern=r"^[a-z0-9:.-]{1,80}$")
    """The cloud project; part of the address where the preset says so."""
    quirks: Quirks | None = None
    """What is odd about it."""
    privacy: Privacy | None = None
    """What it does with the prompts of your account."""
    admin: Admin | None = None
    """How its keys are made and ended. Left out: by an operator."""
    rotation: Rotation | None = None
    """When its keys are to be rotated."""
    allow_private: Flag = False
    """Whether it may be reached at private addresses and over plain http. Presets of local servers bring it."""
    limits: ProviderLimits | None = None
    """What it lets each key ask."""
    data_class: DataClass | None = None
    """The most sensitive calls that it may see. Left out: `public`, and calls that are of no class."""

    @property
    def references(self) -> dict[str, Reference]:
        """The keys of a completed provider: what each is called, and where it is."""
        if self.api_keys:
            return {each.name: each.key for each in self.api_keys}
        return {self.api_key: self.api_key} if self.api_key else {}

    @property
    def ways(self) -> tuple[Endpoint, ...]:
        """Every wire format of a completed provider, the best first."""
        if self.endpoints:
            return self.endpoints
        return (Endpoint(dialect=self.dialect, base_url=self.base_url),) if self.dialect and self.base_url else ()


class Deadlines(Section):
    """How long a call may take, by phase."""

    connect: Duration = 5 * _SECOND
    """Until the connection to the provider stands, TLS included."""
    first_byte: Duration = 60 * _SECOND
    """From the request sent to the first byte of the reply."""
    idle: Duration = 60 * _SECOND
    """Between two bytes of the reply."""
    total: CallDuration = 600 * _SECOND
    """The whole call, over all its attempts; up to 1h."""


class Model(ModelRouting):
    """A name that apps ask for, and where its calls may go."""

    targets: tuple[str, ...] = Field(min_length=1)
    """`provider/model`, the first choice first."""
    deadlines: Deadlines | None = None
    """Its own deadlines; what is left out of them is as in the top-level `deadlines`."""
    drop_params: Flag = False
    """Whether request parameters that a target cannot be told are left out, and named in the reply header
    `x-gatewatch-dropped-params`, instead of answered with a 400."""
    privacy: Policy | None = None
    """What every target's provider must keep to: `no_training` on prompts, or `zero_retention`. Its opt-out goes with
    every call."""
    budget_step_down: Flag = False
    """Whether a team whose budget is nearly spent is sent to the cheaper targets."""
    concurrent: Count | None = None
    """Calls that run at the same time; further ones wait for their turn (`pacing`). Several workers share it evenly."""
    bodies: OnOff | None = None
    """Whether prompts and replies of its calls are kept. Left out: as its team, then `ledger`, says."""


class TeamLeaks(Section):
    """What is done about this team's keys, where that differs."""

    browser: Reaction | None = None
    """A key comes from a browser."""
    new_network: Reaction | None = None
    """A key comes from a network where it never was before."""
    in_prompt: Reaction | None = None
    """A key stands in the body of a call."""


class Leaks(Section):
    """What is done when a key is seen where no key should be: `off`, `alert` (an alarm and an entry in the audit trail,
    once a day), `refuse` (the call, too) or `revoke` (the key, too)."""

    browser: Reaction = "alert"
    """It comes from a browser: with an `Origin`, `Sec-Fetch-Site` or `Sec-Fetch-Dest` header."""
    new_network: Reaction = "alert"
    """It comes from a network (/24, /48 of IPv6) where it never was before. Keys of persons (`--user`) and those with
    a list of networks are never taken for leaked by this."""
    in_prompt: Reaction = "alert"
    """It stands in the body of a call, whoever makes that. The same holds for the keys of providers; that they are
    rotated then is said by `rotation.on_leak` of the provider."""
    learn: Duration = 7 * 86_400 * _SECOND
    """How long after its first use every network counts as the key's own."""


class Team(Section):
    """Whom calls are charged to."""

    budget: TeamBudget | None = None
    """What the team may spend."""
    limits: TeamLimits | None = None
    """How fast it may ask."""
    models: tuple[ModelName, ...] | None = Field(default=None, min_length=1)
    """The only models it may ask for; left out: any."""
    leaks: TeamLeaks = TeamLeaks()
    """What is done when one of its keys is seen where no key should be."""
    bodies: OnOff | None = None
    """Whether prompts and replies of its calls are kept. `off` holds for every model; `on` where the model does not say
    otherwise. Left out: as the model, then `ledger`, says."""


class Audit(Section):
    """Where the audit trail goes beside the control store, so that nobody can change both unseen."""

    file: str | None = Field(default=None, min_length=1, max_length=1000)
    """A file, appended to: one line for each sealed entry; relative to the home, or `none`. Left out: `audit.jsonl`."""
    syslog: Flag = False
    """Whether each sealed entry goes to this machine's syslog too, as CEF; from there the daemon takes it anywhere."""


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
    limits: dict[RuleName, Limit] = {}
    """Name → how fast calls may come, for whom."""
    budgets: dict[RuleName, Budget] = {}
    """Name → how much may be spent, by whom."""
    tiers: dict[RuleName, Tier] = {}
    """Name → limits to be used under several `limits`, beside `starter` (60 requests a minute) and `standard` (600)."""
    unpriced: Unpriced = Unpriced()
    """What becomes of calls to models without a price, which no budget in money can count."""
    pacing: Pacing = Pacing()
    """How calls wait for a turn at a provider."""
    resilience: Resilience = Resilience()
    """How calls survive bad providers."""
    workloads: tuple[WorkloadRule, ...] = ()
    """Which calls are of which workload class; the first that fits."""
    cache: CacheStore = CacheStore()
    """Where replies are kept that models with `cache` are given again."""
    deferred: Deferred = Deferred()
    """How calls with `x-gatewatch-priority: deferred` are run (docs/deferred.md)."""
    leaks: Leaks = Leaks()
    """What is done when a key is seen where no key should be."""
    alerts: dict[RuleName, Alert] = {}
    """Name → what is watched, and what is done when it fires. Some are built in (docs/alerts.md)."""
    alert_sinks: dict[RuleName, Webhook] = {}
    """Name → a webhook that alerts are sent to, beside the gateway's log and its live state."""
    metrics: Metrics = Metrics()
    """Where Prometheus asks for metrics."""
    ledger: Ledger = Ledger()
    """What is kept of calls."""
    vault: VaultKind = "auto"
    """Where `vault:` secrets are: the system's key ring (`keyring`), an encrypted `file`, or the first of them that
    works (`auto`); what a unit is given by `systemd`; the `env` of a container; or what a plug-in brings, as
    `hashicorp`."""
    vault_options: dict[str, str] = {}
    """What a plug-in's vault needs: where it is and how to get in. Secrets among them are references."""
    audit: Audit = Audit()
    """Where the audit trail goes beside the control store."""
    caps: Caps = Caps()
    """Bounds on requests, replies and connections."""
