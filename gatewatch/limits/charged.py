"""What a call that has ended is charged to: counters, buckets and amounts, by its row.

Keeps true: whoever counts, counts this. Workers settle it, the journal's tail is read by it, and the ledger's own sums
(`gatewatch/ledger/queries/counted.py`) are the same.
"""

from collections.abc import Iterable, Iterator

from gatewatch.call import Attempt, Call
from gatewatch.limits.amounts import used
from gatewatch.limits.concerned import Concerned
from gatewatch.limits.counters import Used
from gatewatch.limits.rule import OF_AN_ATTEMPT, Rule


def charged(concerned: Concerned, call: Call, attempts: Iterable[Attempt]) -> Iterator[Used]:
    """Of the rules that concern it; nothing of a call that was refused. Each try is a request to its model and key."""
    if call.status == "blocked":
        return
    for rule, _, key in concerned.by_row(call):
        if not by_tries(rule) and (amount := used(rule, call)):
            yield Used(key, bucket(rule, call), amount)
    if not concerned.has_models and not concerned.has_provider_keys:
        return
    for tried in attempts:
        of_model = concerned.by_model(tried.provider, tried.model)
        of_key = concerned.by_provider_key(tried.provider, tried.provider_key, tried.model)
        for rule, _, key in (*of_model, *of_key):
            if by_tries(rule) and used(rule, call):
                yield Used(key, bucket(rule, call), 1)


def by_tries(rule: Rule) -> bool:
    """Whether it counts tries rather than calls."""
    return rule.measure == "requests" and rule.scope in OF_AN_ATTEMPT


def bucket(rule: Rule, call: Call) -> int:
    """Where a call counts: by its own beginning."""
    return rule.window.bucket(call.started_at) if rule.window else 0
