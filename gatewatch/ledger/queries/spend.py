"""What calls cost, by one dimension."""

from gatewatch.ledger.answer import Found, Row
from gatewatch.ledger.asking import Asking, Grouped, group_column, usd
from gatewatch.ledger.facts import facts, source_of
from gatewatch.ledger.families import SPEND, quoted
from gatewatch.ledger.queries import budgets
from gatewatch.limits.rule import Scope

_SCOPES: dict[str, Scope] = {
    "team": "team", "key_id": "key", "key_name": "key", "user": "user", "route": "route", "environment": "environment",
}  # fmt: skip
"""Dimensions whose groups are what budgets are for; a project's or a model's name alone is none's."""
_NONE: Row = {"budget_usd": None, "budget_used": None}


class Params(Grouped):
    """A window, a filter and a dimension (`team` when left out)."""


def answer(asking: Asking, params: Params) -> Found:
    """One row per group, dearest first. `budget_usd` is the ceiling of the budget in money that is fullest of those for
    that group, and `budget_used` how full it is now, in its own window, whatever part of it is looked at here."""
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
    fullest = _fullest(asking, by)
    rows = [
        {
            "group": group,
            "calls": calls,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "cost_usd": usd(cost, unpriced),
            "unpriced_calls": unpriced,
            **fullest.get(group, _NONE),
        }
        for group, calls, input_tokens, output_tokens, cost, unpriced in found
    ]
    return Found(rows, window, source)


def _fullest(asking: Asking, by: str) -> dict[str, Row]:
    """Group → the columns of its fullest budget in money."""
    if (scope := _SCOPES.get(by)) is None:
        return {}
    found: dict[str, Row] = {}
    for row in budgets.rows_of(asking, budgets.Params(scope=scope)):
        group = row["key_name" if by == "key_name" else "name"]
        if row["measure"] == "usd" and group is not None:
            known = found.get(group)
            if known is None or known["budget_used"] < row["used"]:
                found[group] = {"budget_usd": row["limit"], "budget_used": row["used"]}
    return found
