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


_SLOTS = (
    "requests",
    "concurrent",
    "picos",
    "output_tokens",
    "input_tokens",
    "tokens",
    "all input_tokens",
    "all tokens",
)
Amounts = tuple[int, ...]
"""One of each of _SLOTS. Without `all`, what was read from a cache is left out."""


def slot_of(rule: Rule) -> int:
    """Where among amounts a rule finds its measure."""
    all_of_it = rule.measure in ("input_tokens", "tokens") and (rule.kind == "budget" or rule.cache_reads)
    return _SLOTS.index(f"all {rule.measure}" if all_of_it else rule.measure)


def wanted_amounts(most: Wanted) -> Amounts:
    """What a call may use: nobody knows before what of it will come from a cache."""
    goes_in, comes_out = min(most.input_tokens, OUT_OF_SIGHT), min(most.output_tokens, OUT_OF_SIGHT)
    both = min(goes_in + comes_out, OUT_OF_SIGHT)
    return (1, 1, min(most.picos, OUT_OF_SIGHT), comes_out, goes_in, both, goes_in, both)


def used_amounts(call: Call) -> Amounts:
    """What a call has used, by its row."""
    comes_out, cached, uncached = call.output_tokens, call.input_cache_read_tokens, call.input_tokens_uncached
    picos = min(call.cost_picos or 0, OUT_OF_SIGHT)
    amounts: Amounts = (comes_out, uncached, uncached + comes_out, uncached + cached, uncached + cached + comes_out)
    if amounts[4] > OUT_OF_SIGHT:
        amounts = (*(min(amount, OUT_OF_SIGHT) for amount in amounts),)
    return (1, 0, picos, *amounts)
