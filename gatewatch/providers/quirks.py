"""What is odd about a provider, as data. A dialect asks for these where it would otherwise need the provider's name."""

from typing import Any

import msgspec


class Quirks(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The defaults are the dialect's own provider's behaviour: an empty one costs nothing on the hot path."""

    refuses: tuple[str, ...] = ()
    """Top-level request parameters that it answers with an error, or ignores although they matter: lost like those
    that a dialect cannot carry."""
    renames: dict[str, str] = {}
    """Top-level request parameter → what it is called there (`max_completion_tokens: max_tokens`)."""
    stream_usage: bool = True
    """Whether `stream_options.include_usage` may be sent (openai-chat)."""
    json_schema: bool = True
    """Whether structured output takes a JSON schema."""
    images: bool = True
    system_role: str = "system"
    """What leading instructions are called: `system` or `developer` (openai-chat)."""
    reasoning_field: str = ""
    """Field of an assistant message in which earlier reasoning comes back; empty: it must not be sent."""
    reasoning_outside: bool = False
    """Whether reasoning tokens stand beside the completion tokens instead of in them (xAI)."""
    prompt_cache_key: bool = False
    """Whether it takes `prompt_cache_key`, by which requests with the same beginning find the same cache."""
    reports_cost: str = ""
    """Field of the usage object with the cost in USD that the provider charges (`cost`), `.` between levels
    (`cost.total_cost`); one that ends in `_usd_ticks` counts 1e-10 USD; empty: it does not say."""
    batches: tuple[str, ...] = ()
    """Dialects for which it has a batch API: OpenAI's for `openai-…`, Anthropic's for `anthropic-messages`."""
    opt_out: dict[str, dict[str, Any]] = {}
    """What keeps it from training on a call or storing it: kind of request → top-level parameters, a mapping merged
    into the caller's (`openai-responses: {store: false}`). Kinds are the dialects, and `completions` and `embeddings`
    for these two paths."""
    opt_out_headers: dict[str, str] = {}
    """Request headers to the same end."""
    zero_retention: dict[str, dict[str, Any]] = {}
    """As `opt_out`, what makes it keep nothing of a call; sent beside it where a route asks for that."""
