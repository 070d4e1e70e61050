"""What a worker is told of routing, resilience and the cache: plain structs, parts of `proxy.settings.Settings`."""

from typing import Literal

import msgspec

from gatewatch.routing.workload_class import WorkloadClass

Strategy = Literal["order", "weight", "latency", "cost", "headroom"]


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One place a route may send a call to."""

    provider: str
    model: str
    weight: int = 1
    """Its share of the calls beside the others', where the strategy goes by it."""

    @property
    def name(self) -> str:
        """`provider/model`."""
        return f"{self.provider}/{self.model}"


class ShortAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A small model that answers shortly when nothing else does."""

    target: Target
    max_tokens: int
    hint: str


class Coalescing(msgspec.Struct, frozen=True, kw_only=True):
    """Pieces of text are joined until a sentence has ended."""

    max_wait: float
    """Seconds."""


class CacheRule(msgspec.Struct, frozen=True, kw_only=True):
    """Of one route: replies are given again to the same request."""

    ttl: float
    """Seconds."""
    by_key: bool = False
    """Each key has its own; else all keys of a team have the same."""
    tags: tuple[str, ...] = ()


class CacheBounds(msgspec.Struct, frozen=True, kw_only=True):
    """Of one worker's cache."""

    size: int = 64 * 2**20
    """Bytes."""
    entry: int = 2**20
    """Bytes of the largest reply that is kept."""
    shared: bool = False
    """Whether it is in the store of the limits, too."""


class Breaking(msgspec.Struct, frozen=True, kw_only=True):
    """When a provider's key is left alone with a model. Seconds, a share of one."""

    failures: int = 5
    share: float = 0.5
    pause: float = 5.0
    longest: float = 30.0


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """What a call has to be; None: whatever. Texts may hold `*`."""

    endpoint: str | None = None
    model: str | None = None
    team: str | None = None
    feature: str | None = None
    use_case: str | None = None
    tools: bool | None = None
    structured: bool | None = None
    input_above: int | None = None
    output_below: int | None = None


class WorkloadRule(msgspec.Struct, frozen=True, kw_only=True):
    """Calls that are of a workload class."""

    workload: WorkloadClass
    when: Condition


class RouteOverride(msgspec.Struct, frozen=True, kw_only=True):
    """What operators have put in force over a route or a target, or a service level that is not kept."""

    kind: Literal["canary", "drain", "shift"]
    """`canary`: a share of the calls asks `target` first. `drain`: `target` gets no new calls. `shift`: `target` comes
    last, but for one call in fifty."""
    id: str
    """Names it in rows, as in `canary:support-bot`."""
    route: str | None = None
    """None: every route."""
    target: str
    """`provider/model`; of `drain` and `shift` also `provider`."""
    share: int = 0
    """Of the calls, in hundredths of a percent."""
    teams: tuple[str, ...] | None = None
    """Whose calls all go there, whatever the share."""


class Routing(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for all routes."""

    tries: int = 8
    """Of one call, over all targets and keys."""
    retry_share: float = 0.2
    """Tries again at the same target, beside the calls there."""
    keep_alive: float = 5.0
    """Seconds that a stream may be silent."""
    warm: bool = True
    breaking: Breaking = Breaking()
    workloads: tuple[WorkloadRule, ...] = ()
    overrides: tuple[RouteOverride, ...] = ()
