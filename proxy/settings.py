"""What a worker is told at its start and on a reload: plain structs, made by the control process from the
configuration, sent as JSON through a pipe. They hold secrets: never log or show one whole.
"""

from typing import Literal

import msgspec

from gatewatch.control.key_hold import KeyHold
from gatewatch.hidden import hides
from gatewatch.keys.leaks import Reactions
from gatewatch.limits.counters import Seeds
from gatewatch.limits.rule import Rule
from gatewatch.providers.quirks import Quirks
from gatewatch.routing.data_class import DataClass
from gatewatch.routing.workload_class import WorkloadClass
from proxy.routing import CacheBounds, CacheRule, Coalescing, Routing, ShortAnswer, Strategy
from proxy.routing import Target as Target


class Deadlines(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds a call may take, by phase."""

    connect: float = 5.0
    first_byte: float = 60.0
    idle: float = 60.0
    total: float = 600.0


@hides("secret")
class ProviderKey(msgspec.Struct, frozen=True, kw_only=True):
    """One credential of a provider. `id` is what logs and screens show."""

    id: str
    secret: str | None
    """None for providers that want no key."""
    version: str = ""
    """Twelve hex digits that change with the secret and tell nothing of it."""
    weight: int = 1
    """Its share of the calls, beside the weights of the others."""
    teams: tuple[str, ...] | None = None
    """The only teams that it serves; None: any."""
    routes: tuple[str, ...] | None = None
    """The only routes that it serves; None: any."""

    def serves(self, team: str | None, route: str) -> bool:
        """Whether it may be used for a call of that team on that route."""
        return (self.teams is None or team in self.teams) and (self.routes is None or route in self.routes)

    @property
    def is_bound(self) -> bool:
        """Whether it is for some calls only."""
        return self.teams is not None or self.routes is not None


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One wire format that a provider speaks, and where."""

    dialect: str
    base_url: str
    """Without a slash at its end. May hold `{model}`, where the model's escaped name is filled in for each call."""


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how to reach one provider."""

    name: str
    ways: tuple[Way, ...]
    """At least one, the best first."""
    keys: tuple[ProviderKey, ...]
    key_header: str = ""
    """The request header of the key, lower case: `authorization` (with `Bearer`), or one that holds the bare key.
    Empty: the dialect's own."""
    price_provider: str
    """Whose price list applies."""
    headers: dict[str, str] = {}
    query: str = ""
    """Appended to the query of every path (`api-version=2025-04-01-preview`)."""
    auth: str = "key"
    """How requests prove who sends them: `key`, `sigv4` (AWS), `google` (application default credentials)."""
    region: str | None = None
    data_class: DataClass | None = None
    """The most sensitive calls that it may see."""
    quirks: Quirks = Quirks()
    allow_private: bool = False

    @property
    def dialect(self) -> str:
        """Of the best way."""
        return self.ways[0].dialect

    @property
    def base_url(self) -> str:
        """Of the best way."""
        return self.ways[0].base_url


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """What apps ask for by `name`, and where it may go."""

    name: str
    targets: tuple[Target, ...]
    deadlines: Deadlines
    version: str = ""
    drop_params: bool = False
    """What a target cannot be told is dropped and named in a reply header, instead of a 400."""
    opt_out: bool = False
    """The provider's opt-out of storing and training goes with every call (`gatewatch.providers.opt_out`)."""
    zero_retention: bool = False
    """Beside it, what makes the provider keep nothing."""
    step_down: bool = False
    """Its cheaper targets come first while a budget of the call is nearly spent."""
    strategy: Strategy = "order"
    classes: dict[WorkloadClass, tuple[Target, ...]] = {}
    """Workload class → the targets of its calls, instead of `targets`."""
    workload_class: WorkloadClass | None = None
    """Of calls that are of no other."""
    region: str | None = None
    """Its calls are answered there only."""
    data_class: DataClass | None = None
    """Of its calls, where they do not say a more sensitive one."""
    next_after: float | None = None
    """Seconds after which a target that is not the last is left for the next one, where its first byte has not come."""
    patience: float = 0.0
    """Seconds that a call waits at a target that limits it, where there is another."""
    hedge_after: float | None = None
    """Seconds after which the next target is asked beside the first."""
    context_window: tuple[Target, ...] = ()
    """For calls that are too long for the others."""
    short_answer: ShortAnswer | None = None
    stored_reply: str | None = None
    """Text of the answer when no target, and not the short one, has answered."""
    max_tokens: int | None = None
    """Of answers to calls that set no limit."""
    max_cost_picos: int | None = None
    """A stream that costs more is ended."""
    coalescing: Coalescing | None = None
    prompt_cache: bool = False
    """The provider's cache markers are set on beginnings that repeat."""
    cache: CacheRule | None = None
    deferred: bool = True
    """Whether deferred calls are taken."""
    rolled_back: str | None = None
    """Names the rollback that put this version in force."""

    @property
    def everywhere(self) -> list[Target]:
        """All targets that its calls may come to, each once."""
        of_classes = (target for targets in self.classes.values() for target in targets)
        short = (self.short_answer.target,) if self.short_answer else ()
        return list(dict.fromkeys((*self.targets, *of_classes, *self.context_window, *short)))

    @property
    def has_further_rungs(self) -> bool:
        """Whether anything is left for a call when none of its targets has answered."""
        return bool(self.context_window) or self.short_answer is not None or self.stored_reply is not None


class Caps(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of the HTTP side; bytes, seconds, counts."""

    body_bytes: int = 32 * 1024 * 1024
    header_bytes: int = 32 * 1024
    header_count: int = 100
    url_bytes: int = 8 * 1024
    header_seconds: float = 10.0
    body_seconds: float = 60.0
    keep_alive_seconds: float = 75.0
    write_seconds: float = 60.0
    """How long a client may leave its receive window full."""
    connections: int = 10_000
    connections_per_source: int = 4_096
    reply_bytes: int = 64 * 1024 * 1024
    sse_line_bytes: int = 8 * 1024 * 1024
    held_reply_bytes: int = 1024 * 1024


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """What an alert, or an operator, has put in force for a while."""

    kind: Literal["step_down", "shift", "throttle", "pause"]
    """`step_down`: cheaper targets first. `shift`: targets of this provider, or this model, last. `throttle`: one call
    at a time for each key. `pause`: no calls."""
    scope: str
    """As of rules; of `shift` `provider` or `model`."""
    name: str
    because: str
    """Names what put it in force: stands in rows and errors."""


class Limiting(msgspec.Struct, frozen=True, kw_only=True):
    """The rules that calls are held to, and what decides about them."""

    rules: tuple[Rule, ...] = ()
    overrides: tuple[Override, ...] = ()
    unpriced: Literal["allow", "refuse"] = "allow"
    """Whether a call may go to a model without a price where a budget on money concerns it."""
    when_away: Literal["refuse", "allow"] = "refuse"
    """What becomes of calls while the shared counters cannot be reached."""
    estimate_percents: dict[str, int] = {}
    """Model of a provider (`PROVIDER/MODEL`) → what the ledger has taught of its estimates."""
    usual_outputs: dict[str, int] = {}
    """The same → output tokens to reckon with of a call that sets no limit."""


class KeyCap(msgspec.Struct, frozen=True, kw_only=True):
    """So many calls run at once with a key of a provider."""

    provider: str
    key: str
    model: str = ""
    """The provider's model; empty: whatever the model."""
    most: int


class Pacing(msgspec.Struct, frozen=True, kw_only=True):
    """How calls wait for a turn at a provider. Caps are the whole gateway's: each worker has an even share of them."""

    queue: int = 100
    """Calls that wait for one key with one model, or one route."""
    wait: float = 5.0
    """Seconds that a call waits at most."""
    batch_wait: float = 60.0
    """The same of a call that is `batch`."""
    urgent_teams: tuple[str, ...] | None = None
    """The only teams whose calls may be `urgent`; None: any."""
    from_headers: bool = True
    """Whether limits are learned from what providers say in their replies."""
    keys: tuple[KeyCap, ...] = ()
    routes: dict[str, int] = {}
    """Route → calls that run at once."""
    workers: int = 1
    """Among whom the caps are shared."""


class Bodies(msgspec.Struct, frozen=True, kw_only=True):
    """Of which calls prompts and replies are kept."""

    on: bool = False
    """Where neither team nor route says otherwise."""
    routes: dict[str, bool] = {}
    teams: dict[str, bool] = {}
    most_bytes: int = 256 * 1024
    """Of each prompt and each reply."""

    @property
    def any_on(self) -> bool:
        """Whether there may be any call whose bodies are kept."""
        return self.on or True in self.routes.values() or True in self.teams.values()

    def wants(self, team: str | None, route: str | None) -> bool:
        """A team's no holds for every route; else the route decides, else the team, else everybody's."""
        of_team = self.teams.get(team or "")
        if of_team is False:
            return False
        of_route = self.routes.get(route or "")
        if of_route is not None:
            return of_route
        return self.on if of_team is None else of_team


class Deferring(msgspec.Struct, frozen=True, kw_only=True):
    """How deferred calls are run. Times in microseconds."""

    gather: int = 60_000_000
    batch: int = 1000
    shortest: int = 3_600_000_000
    poll: int = 60_000_000
    running: int = 8
    calls: int = 10_000
    size: int = 2**30
    keep: int = 86_400_000_000


@hides("pepper", "limits_url")
class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one worker needs."""

    config_version: str
    epoch: int = 0
    """Rises with each settings that workers are handed, also over restarts of the control process."""
    home: str
    hosts: tuple[str, ...]
    """Values of the Host header that are served, without port, lower case."""
    pepper: str
    """Hex; key of the HMAC over virtual keys."""
    providers: dict[str, Provider]
    routes: dict[str, Route]
    deadlines: Deadlines
    """For `provider/model` names that no route names."""
    caps: Caps = Caps()
    quarantine: tuple[KeyHold, ...] = ()
    """Keys of providers not to be used, as it is when a worker starts; later it is told by command."""
    tls: tuple[str, str] | None = None
    """Paths of certificate chain and private key; None: plain HTTP."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks whose X-Forwarded-For is believed; empty: none is."""
    leaks: Reactions = Reactions()
    leaks_of_teams: dict[str, Reactions] = {}
    """Of teams that have their own."""
    bodies: Bodies = Bodies()
    limiting: Limiting = Limiting()
    pacing: Pacing = Pacing()
    routing: Routing = Routing()
    cache: CacheBounds = CacheBounds()
    deferring: Deferring = Deferring()
    limits_url: str | None = None
    """Of the store in which several workers count together; None: in the memory of the one worker."""
    seeds: Seeds | None = None
    """What its counters begin with, where a worker starts."""
