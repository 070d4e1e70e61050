"""Anthropic's usage object: Messages, and whoever speaks like it.

Semantics (Messages API reference): the input is the sum of `input_tokens`, `cache_creation_input_tokens` and
`cache_read_input_tokens`; `cache_creation` says the second again, by how long it is kept, and is never added to it;
`output_tokens` includes thinking. Of `iterations`, those of `message` are in these sums; what a compaction used is not,
nor what an adviser used, which is another model.
"""

from typing import Any

from gatewatch.call import Tokens
from gatewatch.usage.count import count_of
from gatewatch.usage.details import Details, together

US_PREMIUM_PERCENT = 10
"""Inference in the US alone (platform.claude.com/docs/en/manage-claude/data-residency)."""


def read(usage: object) -> Tokens | None:
    """The provider's usage object → disjoint classes; None where it is not whole and sound (then we estimate)."""
    if not isinstance(usage, dict):
        return None
    parts = [_read(each) for each in (usage, *_iterations(usage, "compaction"))]
    sound = [part for part in parts if part is not None]
    return together(*sound) if len(sound) == len(parts) else None


def details(usage: object) -> Details:
    """Where the model ran, and which others worked for it; a part that is not sound is left out."""
    if not isinstance(usage, dict):
        return Details()
    advised = [(each.get("model"), _read(each)) for each in _iterations(usage, "advisor_message")]
    return Details(
        premium_percent=US_PREMIUM_PERCENT if usage.get("inference_geo") == "us" else 0,
        others=tuple((model, tokens) for model, tokens in advised if isinstance(model, str) and tokens),
    )


def tier(usage: object) -> str | None:
    """How the call was served, `fast` among the tiers."""
    if not isinstance(usage, dict):
        return None
    said = "fast" if usage.get("speed") == "fast" else usage.get("service_tier")
    return said if isinstance(said, str) else None


def _iterations(usage: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    said = usage.get("iterations")
    return (
        [each for each in said if isinstance(each, dict) and each.get("type") == kind] if isinstance(said, list) else []
    )


def _read(usage: object) -> Tokens | None:
    if not isinstance(usage, dict) or usage.get("input_tokens") is None or usage.get("output_tokens") is None:
        return None
    uncached = count_of(usage["input_tokens"])
    cached = count_of(usage.get("cache_read_input_tokens"))
    written = _written(usage.get("cache_creation"), usage.get("cache_creation_input_tokens"))
    output = count_of(usage["output_tokens"])
    inside = usage.get("output_tokens_details") or {}
    reasoning = count_of(inside.get("thinking_tokens")) if isinstance(inside, dict) else None
    if uncached is None or cached is None or written is None or output is None or reasoning is None:
        return None
    if not uncached + cached + sum(written) or reasoning > output:
        return None
    return Tokens(
        input_uncached=uncached,
        input_cache_read=cached,
        input_cache_write_5m=written[0],
        input_cache_write_1h=written[1],
        output=output,
        output_reasoning=reasoning,
    )


def searches(usage: object) -> int:
    """Web searches that Anthropic ran for this reply, and charges by the piece."""
    tools = usage.get("server_tool_use") if isinstance(usage, dict) else None
    return (count_of(tools.get("web_search_requests")) or 0) if isinstance(tools, dict) else 0


def _written(kinds: object, flat: object) -> tuple[int, int] | None:
    """What was written for five minutes and for an hour; without the breakdown it is the usual, five minutes."""
    total = count_of(flat)
    if kinds is None:
        return None if total is None else (total, 0)
    if not isinstance(kinds, dict):
        return None
    short, long = count_of(kinds.get("ephemeral_5m_input_tokens")), count_of(kinds.get("ephemeral_1h_input_tokens"))
    if short is None or long is None or (flat is not None and total != short + long):
        return None
    return short, long
