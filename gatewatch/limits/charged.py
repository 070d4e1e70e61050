"""What a call that has ended is charged to: counters, buckets and amounts, by its row.

Keeps true: whoever counts, counts this. Workers settle it, the journal's tail is read by it, and the ledger's own sums
(`gatewatch/ledger/queries/counted.py`) are the same.
"""

from collections.abc import Iterable

from gatewatch.call import Attempt, Call
from gatewatch.limits.amounts import used_amounts
from gatewatch.limits.concerned import Concerned, by_tries
from gatewatch.limits.counters import Used


def charged(concerned: Concerned, call: Call, attempts: Iterable[Attempt]) -> list[Used]:
    """Of the rules that concern it; nothing of a call that was refused. Each try is a request to its model and key."""
    found: list[Used] = []
    if call.status == "blocked":
        return found
    amounts, at, is_priced = used_amounts(call), call.started_at, call.cost_basis != "unpriced"
    for each in concerned.by_row(call):
        if (each.is_plain or (not is_priced and not by_tries(each.rule))) and (amount := amounts[each.slot]):
            found.append(Used(each.key, each.bucket(at), amount))
    if not concerned.has_models and not concerned.has_provider_keys:
        return found
    for tried in attempts:
        of_model = concerned.by_model(tried.provider, tried.model)
        of_key = concerned.by_provider_key(tried.provider, tried.provider_key, tried.model)
        for each in (*of_model, *of_key):
            if by_tries(each.rule) and not (each.rule.unpriced_only and is_priced):
                found.append(Used(each.key, each.bucket(at), 1))
    return found
