"""What calls cost, by one dimension."""

from gatewatch.ledger.answer import Found
from gatewatch.ledger.asking import Asking, Grouped, group_column, usd
from gatewatch.ledger.facts import facts, source_of
from gatewatch.ledger.families import SPEND, quoted


class Params(Grouped):
    """A window, a filter and a dimension (`team` when left out)."""


def answer(asking: Asking, params: Params) -> Found:
    """One row per group, dearest first. Budgets are None: there is no mechanism for them yet."""
    window, where = asking.window(params), asking.where(params.where)
    by = group_column(params.by, "team")
    source = source_of({by, *where.columns}, SPEND)
    spend = facts(SPEND, window, where, (by,), source=source)
    found = asking.rows(
        f"""
        SELECT {quoted(by)} AS "group", sum(calls)::BIGINT AS calls, sum(input_tokens)::BIGINT,
            sum(output_tokens)::BIGINT, sum(cost) AS cost, sum(unpriced_calls)::BIGINT
        FROM ({spend.sql}) GROUP BY {quoted(by)} ORDER BY cost DESC, calls DESC, "group" LIMIT ?""",
        [*spend.parameters, params.limit],
    )
    rows = [
        {
            "group": group,
            "calls": calls,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "cost_usd": usd(cost, unpriced),
            "unpriced_calls": unpriced,
            "budget_usd": None,
            "budget_used": None,
        }
        for group, calls, input_tokens, output_tokens, cost, unpriced in found
    ]
    return Found(rows, window, source)
