"""The usage object of AWS Bedrock's Converse.

Semantics (Converse API reference, `TokenUsage`): the input excludes what is read from and written to the cache; the
total is input and output, with the cached tokens or, in older replies, without them; `cacheDetails` says what was
written by how long it is kept.
"""

from gatewatch.call import Tokens
from gatewatch.usage.count import count_of


def read(usage: object) -> Tokens | None:
    """The usage object → disjoint classes; None where it is not whole and sound (then we estimate)."""
    if not isinstance(usage, dict) or usage.get("inputTokens") is None or usage.get("outputTokens") is None:
        return None
    uncached = count_of(usage["inputTokens"])
    output = count_of(usage["outputTokens"])
    cached = count_of(usage.get("cacheReadInputTokens"))
    written = count_of(usage.get("cacheWriteInputTokens"))
    if uncached is None or output is None or cached is None or written is None:
        return None
    hour = _written_for_an_hour(usage.get("cacheDetails"), written)
    if hour is None or not uncached + cached + written:
        return None
    said = uncached + output
    if usage.get("totalTokens") not in (None, said, said + cached + written):
        return None
    return Tokens(
        input_uncached=uncached,
        input_cache_read=cached,
        input_cache_write_5m=written - hour,
        input_cache_write_1h=hour,
        output=output,
    )


def _written_for_an_hour(details: object, written: int) -> int | None:
    """Of the tokens written; without a breakdown all are kept for five minutes. None: it does not add up."""
    if not details:
        return 0
    if not isinstance(details, list):
        return None
    counts = {"5m": 0, "1h": 0}
    for each in details:
        count = count_of(each.get("inputTokens")) if isinstance(each, dict) else None
        kept = each.get("ttl") if isinstance(each, dict) else None
        if count is None or not isinstance(kept, str) or kept not in counts:
            return None
        counts[kept] += count
    return counts["1h"] if sum(counts.values()) == written else None
