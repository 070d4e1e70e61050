"""How much of a rule's measure a call wants, and how much it used: the one place that says which tokens count.

| measure | counts |
|---|---|
| `requests` | 1 for each call that was let through; of models and providers' keys: for each try |
| `input_tokens` | all input; what the provider read from its cache only where the rule says `cache_reads` |
| `output_tokens` | all output, reasoning included |
| `tokens` | both; a budget's are always all of them |
| `concurrent` | 1 as long as the call runs |
| `picos` | what the row says that it cost |
"""

from typing import NamedTuple

from gatewatch.call import Call
from gatewatch.limits.rule import OUT_OF_SIGHT, Rule


class Wanted(NamedTuple):
    """What a call may use at most, as it was reckoned."""

    input_tokens: int
    output_tokens: int
    picos: int
    is_unpriced: bool


def wanted(rule: Rule, most: Wanted) -> int:
    """Of the rule's measure."""
    if rule.unpriced_only and not most.is_unpriced:
        return 0
    match rule.measure:
        case "requests" | "concurrent":
            return 1
        case "picos":
            return min(most.picos, OUT_OF_SIGHT)
        case "input_tokens":
            return min(most.input_tokens, OUT_OF_SIGHT)
        case "output_tokens":
            return min(most.output_tokens, OUT_OF_SIGHT)
        case _:
            return min(most.input_tokens + most.output_tokens, OUT_OF_SIGHT)


def used(rule: Rule, call: Call) -> int:
    """Of the rule's measure, by the row of a call that has ended."""
    if rule.unpriced_only and call.cost_basis != "unpriced":
        return 0
    match rule.measure:
        case "requests":
            return 1
        case "concurrent":
            return 0
        case "picos":
            return min(call.cost_picos or 0, OUT_OF_SIGHT)
        case "output_tokens":
            return min(call.output_tokens, OUT_OF_SIGHT)
    tokens = call.tokens()
    counted = tokens.input
    if rule.kind == "limit" and not rule.cache_reads:
        counted -= tokens.input_cache_read
    if rule.measure == "tokens":
        counted += tokens.output
    return min(counted, OUT_OF_SIGHT)
