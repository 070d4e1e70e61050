"""The records of the journal, and so the columns of the ledger.

One struct per kind; a field's name is the ledger's column name, except for units that JSON has to state: `*_us` are
microseconds, `*_picos` picodollars, and `started_at` is microseconds since the epoch, UTC. Defaults are left out of
the journal. A field is added at the end with a default and never removed or given a new meaning; `v` rises only when
a reader must treat older records differently.
"""

from typing import Any

import msgspec

JOURNAL_VERSION = 1

STATUSES = ("ok", "error", "blocked", "cached", "truncated", "client_closed", "interrupted")
COST_BASES = ("reported", "computed", "estimated", "unpriced")


class Tokens(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """Token counts in disjoint classes; the input is their sum. `output` includes reasoning and audio."""

    input_uncached: int = 0
    input_cache_read: int = 0
    input_cache_write_5m: int = 0
    input_cache_write_1h: int = 0
    input_audio: int = 0
    input_image: int = 0
    output: int = 0
    output_reasoning: int = 0
    output_audio: int = 0

    @property
    def input(self) -> int:
        """All input tokens, whatever they cost."""
        return (
            self.input_uncached
            + self.input_cache_read
            + self.input_cache_write_5m
            + self.input_cache_write_1h
            + self.input_audio
            + self.input_image
        )


class Call(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One client request. Written as `open` (with estimates) before the upstream request, as `close` after it."""

    call_id: str
    started_at: int
    status: str = ""
    http_status: int | None = None
    error_kind: str | None = None
    """Equals the `code` of the error the client saw; null only for `ok` and `cached`."""
    error_message: str | None = None
    """Redacted, at most 500 characters."""

    # who
    team: str | None = None
    project: str | None = None
    environment: str | None = None
    key_id: str | None = None
    key_name: str | None = None
    user: str | None = None
    feature: str | None = None
    customer: str | None = None
    use_case: str | None = None
    task_id: str | None = None
    tags: dict[str, str] = {}
    source: str | None = None
    """The peer's address."""
    client: str | None = None
    """The User-Agent, at most 120 characters."""
    client_retry: int = 0
    """`x-stainless-retry-count`: which of the SDK's own tries this is."""

    # what
    endpoint: str = ""
    dialect: str | None = None
    workload_class: str | None = None
    requested_model: str | None = None
    route: str | None = None
    stream: bool = False
    params: dict[str, Any] = {}
    """Scalar parameters of the request (temperature, max_tokens, …); never text of the prompt."""

    # where it went
    provider: str | None = None
    provider_key: str | None = None
    model: str | None = None
    """The model asked of the provider."""
    served_model: str | None = None
    """The model that the reply names."""
    attempts: int = 0
    cache: str | None = None
    finish_reason: str | None = None

    # what it took
    input_uncached_tokens: int = 0
    input_cache_read_tokens: int = 0
    input_cache_write_5m_tokens: int = 0
    input_cache_write_1h_tokens: int = 0
    input_audio_tokens: int = 0
    input_image_tokens: int = 0
    output_tokens: int = 0
    output_reasoning_tokens: int = 0
    output_audio_tokens: int = 0
    usage: Any = None
    """The provider's usage object as it came."""
    cost_picos: int | None = 0
    """Null exactly when `cost_basis` is `unpriced`."""
    cost_basis: str = "computed"
    price_row: str | None = None
    """The id of the price row used."""

    # how long
    latency_us: int = 0
    ttft_us: int | None = None
    upstream_us: int = 0
    """Time spent waiting for upstreams; latency minus this and `queued_us` is the gateway's own."""
    overhead_us: int = 0

    config_version: str | None = None
    route_version: str | None = None
    dropped_params: list[str] = []
    """What the request asked for and the provider was not told, as the header `x-gatewatch-dropped-params` names it."""
    key_version: int | None = None
    """Which of its key's secrets it came with: tells who still uses one that was replaced."""

    # what it met before it was sent
    estimated_input_tokens: int = 0
    """What it was reckoned with."""
    estimated_output_tokens: int = 0
    estimate_percent: int = 100
    """What the estimate from characters was multiplied by, as the ledger had taught."""
    reserved_picos: int | None = None
    """What was held of its budgets; null: it had none, or the model no price."""
    checked: Any = None
    """Every limit and budget that it met, and what it found there: a list of `[rule, name, measure, taken, held, asked,
    most]`, where `taken` is what the counter had before it, and `held` what of that is of other calls in flight."""
    blocked_by: str | None = None
    """The rule that was in the way."""
    priority: str | None = None
    """`urgent`, `batch` or `deferred`; null: none of them."""
    queued_us: int = 0
    """Waited for a turn at the provider; a deferred call also for its time."""
    stepped_down: str | None = None
    """The rule whose soft threshold sent it to a cheaper target, or the alert."""
    request_shape: Any = None
    """Of a request that was answered with a 400: its keys, types, sizes and values that are no text."""
    estimated_others: int = 0
    """Parts of the request that are no text: their estimate is a flat one, is not corrected and teaches nothing."""

    # where it could have gone
    routed_by: str | None = None
    """What decided over the route's own order: `canary:ROUTE`, `rollback:ROUTE`, `drain:TARGET`, `shift:TARGET`."""
    passed_over: Any = None
    """Targets that were not asked, and why: a list of `[provider/model, reason]`."""
    retries: int = 0
    """Tries again at a target that had failed; one at another target is none."""
    degraded: str | None = None
    """The last resort that answered: `short_answer` or `stored_reply`."""
    data_class: str | None = None
    """How sensitive it was said to be, by its route, its key or itself: the most sensitive of them."""
    region: str | None = None
    """Where alone it could be answered."""
    avoided_picos: int | None = None
    """What the same would have cost without the cache; null: nothing was avoided, or the model has no price."""
    answer_of: str | None = None
    """The call that bought the reply, where it came from the cache."""
    cache_age_us: int | None = None
    """How old that was."""
    deferred: str | None = None
    """Of a call that was deferred, the way that it went: `batch`, `off_peak` or `standard`."""
    lost_picos: int | None = None
    """Of the cost, an estimate of what tries that were sent and left may have cost; null: nothing."""
    waited_for: str | None = None
    """What `queued_us` went to: `turn` (at a model's cap or a provider's key), `limit` (a provider's 429), `overload`
    (its 503 or 529); several in their order, joined by `+`."""

    @property
    def input_tokens_uncached(self) -> int:
        """All input tokens that were not read from a cache."""
        return (
            self.input_uncached_tokens
            + self.input_cache_write_5m_tokens
            + self.input_cache_write_1h_tokens
            + self.input_audio_tokens
            + self.input_image_tokens
        )

    def tokens(self) -> Tokens:
        return Tokens(
            input_uncached=self.input_uncached_tokens,
            input_cache_read=self.input_cache_read_tokens,
            input_cache_write_5m=self.input_cache_write_5m_tokens,
            input_cache_write_1h=self.input_cache_write_1h_tokens,
            input_audio=self.input_audio_tokens,
            input_image=self.input_image_tokens,
            output=self.output_tokens,
            output_reasoning=self.output_reasoning_tokens,
            output_audio=self.output_audio_tokens,
        )

    def set_tokens(self, tokens: Tokens) -> None:
        self.input_uncached_tokens = tokens.input_uncached
        self.input_cache_read_tokens = tokens.input_cache_read
        self.input_cache_write_5m_tokens = tokens.input_cache_write_5m
        self.input_cache_write_1h_tokens = tokens.input_cache_write_1h
        self.input_audio_tokens = tokens.input_audio
        self.input_image_tokens = tokens.input_image
        self.output_tokens = tokens.output
        self.output_reasoning_tokens = tokens.output_reasoning
        self.output_audio_tokens = tokens.output_audio


class Attempt(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One try at one upstream, under a call."""

    call_id: str
    started_at: int
    n: int
    provider: str
    model: str
    provider_key: str | None = None
    status: str = "ok"
    """ok, error, truncated or client_closed."""
    http_status: int | None = None
    error_kind: str | None = None
    error_message: str | None = None
    upstream_request_id: str | None = None
    connect_us: int | None = None
    """Null where a kept connection was used."""
    first_byte_us: int | None = None
    latency_us: int = 0


class Rejected(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Calls refused before authentication beyond the rate at which rows are written: counted per second and source."""

    started_at: int
    source: str
    error_kind: str
    count: int


RECORDS: dict[str, type[msgspec.Struct]] = {"open": Call, "close": Call, "attempt": Attempt, "rejected": Rejected}
"""Kind of a journal line (its first key, `k`) → struct."""


_HEADS = {kind: b'{"k":"%s","v":%d,' % (kind.encode(), JOURNAL_VERSION) for kind in RECORDS}
_encode = msgspec.json.Encoder().encode


def line(kind: str, record: msgspec.Struct) -> bytes:
    """One journal line: `{"k":KIND,"v":1,…}` and a newline. `k` stands first, so a reader sorts lines unparsed."""
    return b"%s%s\n" % (_HEADS[kind], memoryview(_encode(record))[1:])
