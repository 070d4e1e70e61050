"""Where calls may go and how they survive a bad provider, as it stands in the configuration file (docs/routing.md)."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gatewatch.config.retention import OnOff
from gatewatch.config.section import Section
from gatewatch.config.values import Count, Duration, Flag, Percent, Size, TeamName, Usd
from gatewatch.routing.data_class import DataClass
from gatewatch.routing.workload_class import WorkloadClass

_SECOND = 1_000_000


def _a_minute(value: int) -> int:
    if value > 60 * _SECOND:
        raise ValueError("a duration up to 1m: whoever waits longer is better told to come back")
    return value


Patience = Annotated[Duration, AfterValidator(_a_minute)]


class Slo(Section):
    """What a target has to keep to. One that does not comes after the others, but for one call in fifty, until it
    keeps to it again."""

    p95: Duration = 2_500_000
    """95 of 100 calls are answered in this time: streams by their first byte, others whole. Looked at over five
    minutes."""
    errors: Percent = Decimal("0.01")
    """The error budget: the share of a day's calls (24 hours back) that may end in a 5xx or without an answer."""


class ShortAnswer(Section):
    """A small model that answers shortly when nothing else does."""

    target: str
    """`provider/model`."""
    max_tokens: int = Field(default=300, ge=1, le=100_000)
    """Its longest answer."""
    hint: str = Field(default="Answer briefly.", max_length=2000)
    """Put behind the caller's instructions."""


class LastResort(Section):
    """What a caller gets when no target of a model answers. The reply header `x-gatewatch-degraded` says so."""

    short_answer: ShortAnswer | None = None
    """A small model is asked for a short answer."""
    reply: str | None = Field(default=None, min_length=1, max_length=10_000)
    """This text is the answer; after `short_answer`, where there is one."""


class StreamForm(Section):
    """In which pieces streams go out."""

    coalesce: Literal["off", "sentence"] = "off"
    """`sentence`: pieces of text are joined until a sentence has ended. The text and the usage stay the same."""
    max_wait: Duration = 300_000
    """How long a piece waits at most for the end of its sentence."""


class ModelCache(Section):
    """Replies are kept, and given again to the same request."""

    ttl: Duration = 600 * _SECOND
    """For how long."""
    share: Literal["team", "key"] = "team"
    """Who may be given what was answered to whom: all keys of a team, or each key alone. Never another team."""
    tags: tuple[str, ...] = ()
    """By which its entries can be invalidated, beside the route, the model and what callers name."""


class CacheStore(Section):
    """Where replies are kept that models with `cache` are given again. Empty after a restart."""

    size: Size = 64 * 2**20
    """All replies of one worker together. The least recently used go first."""
    entry: Size = 2**20
    """The largest reply that is kept."""
    shared: Flag = False
    """Whether workers share them in `stores.limits`. Replies then leave this machine where that store is another's."""


class Breaker(Section):
    """When a provider's key is not used with a model for a while, because calls fail there."""

    failures: Count = 5
    """Failures in a row."""
    share: Percent = Decimal("0.5")
    """Or the share of failures among at least ten calls of the last ten seconds."""
    pause: Duration = 5 * _SECOND
    """How long it is left alone; then one call tries it. Doubles with each failed try."""
    longest: Duration = 30 * _SECOND
    """The longest pause."""


class Resilience(Section):
    """How calls survive bad providers (docs/resilience.md)."""

    tries: Count = 8
    """Tries of one call, over all targets and keys."""
    retry_share: Percent = Decimal("0.2")
    """Tries again at the same target, as a share of the calls there: beyond it the next target is asked at once."""
    keep_alive: Duration = 5 * _SECOND
    """A stream that is silent for so long gets a comment, so that nobody in between closes it."""
    warm: Flag = True
    """Whether a connection to each target is opened at start and kept open."""
    breaker: Breaker = Breaker()
    """When a key is left alone."""


class When(Section):
    """What a call has to be; all of it."""

    endpoint: Literal["chat", "completions", "embeddings", "responses", "messages"] | None = None
    """What is asked for."""
    model: str | None = Field(default=None, min_length=1, max_length=200)
    """The name that is asked for; `*` stands for anything."""
    team: TeamName | None = None
    """Whose it is."""
    feature: str | None = Field(default=None, min_length=1, max_length=200)
    """Its tag of that name; `*` stands for anything."""
    use_case: str | None = Field(default=None, min_length=1, max_length=200)
    """Its tag of that name; `*` stands for anything."""
    tools: Flag | None = None
    """Whether it offers tools."""
    structured: Flag | None = None
    """Whether it asks for JSON."""
    input_above: Count | None = None
    """More estimated input tokens than that."""
    output_below: Count | None = None
    """It limits its answer to fewer tokens than that."""


class WorkloadRule(Section):
    """Which calls are of a workload class; the first rule that fits, for calls whose header does not say."""

    workload: WorkloadClass
    """The class."""
    when: When
    """The calls."""


class ModelRouting(Section):
    """How one of several targets is chosen, and what holds for the calls."""

    strategy: Literal["order", "weight", "latency", "cost", "headroom"] = "order"
    """Which target is asked first: the first that stands in the list (`order`), each by its share (`weights`), the
    fastest of late, the cheapest for this call, or the one with the most left of the provider's limits. The others
    follow when it fails."""
    weights: dict[str, Count] = {}
    """`provider/model` → its share of the calls beside the others', for `strategy: weight`; left out: 1."""
    classes: dict[WorkloadClass, tuple[str, ...]] = {}
    """Workload class → the targets of its calls, instead of `targets`."""
    workload_class: WorkloadClass | None = None
    """The workload class of calls that neither say theirs nor are of one by `workloads`."""
    region: str | None = Field(default=None, pattern=r"^[a-z]{2,20}$")
    """Where calls may be answered, as in `eu`: only by targets whose provider's `region` lies there."""
    data_class: DataClass | None = None
    """How sensitive its calls are: only targets are asked whose provider may see that (`data_class` there)."""
    next_after: Duration | None = None
    """A target whose first byte comes later than that is left for the next one. The last has `deadlines.first_byte`."""
    patience: Patience | None = None
    """How long a call waits at a target that limits it, before the next one is asked; at most 1m. Left out: not at all
    where there is another, and where there is none as long as calls wait for a turn (`pacing.wait`)."""
    hedge_after: Duration | None = None
    """Where the first byte has not come by then, the next target is asked beside it, and the first that answers is
    taken. Both cost money."""
    slo: Slo | None = None
    """What its targets have to keep to. Left out: nothing."""
    context_window: tuple[str, ...] = ()
    """Targets for calls that are too long for the others."""
    last_resort: LastResort | None = None
    """What callers get when no target answers."""
    max_tokens: Count | None = None
    """The longest answer to calls that set no limit of their own."""
    max_cost: Usd | None = None
    """What one call may cost at most, in USD: a stream that costs more is ended, a plain reply is asked to be short
    enough. Callers may say less: `x-gatewatch-max-cost-usd`."""
    stream: StreamForm | None = None
    """In which pieces streams go out. Left out: as they come."""
    prompt_cache: Literal["auto", "off"] = "off"
    """`auto`: the provider's cache markers are set on beginnings that repeat."""
    cache: ModelCache | None = None
    """Replies are kept and given again to the same request. Left out: none is."""
    deferred: OnOff = "on"
    """Whether calls with `x-gatewatch-priority: deferred` are taken."""
