"""What each team used."""

from gatewatch.ledger.answer import Found
from gatewatch.ledger.asking import Asking, Windowed, usd
from gatewatch.ledger.facts import facts, source_of
from gatewatch.ledger.families import SPEND
from gatewatch.timespan import iso


class Params(Windowed):
    """A window and a filter."""


def answer(asking: Asking, params: Params) -> Found:
    """One row per team, by name."""
    window, where = asking.window(params), asking.where(params.where)
    source = source_of(where.columns, SPEND)
    spend = facts(SPEND, window, where, ("team", "key_id"), source=source)
    found = asking.rows(
        f"""
        SELECT team, count(DISTINCT key_id), epoch_us(max(last_at)), sum(calls)::BIGINT, sum(input_tokens)::BIGINT,
            sum(output_tokens)::BIGINT, sum(cost), sum(unpriced_calls)::BIGINT
        FROM ({spend.sql}) WHERE team IS NOT NULL GROUP BY team ORDER BY team""",
        spend.parameters,
    )
    rows = [
        {
            "team": team,
            "keys": keys,
            "last_used": iso(last_used),
            "calls": calls,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "cost_usd": usd(cost, unpriced),
            "unpriced_calls": unpriced,
        }
        for team, keys, last_used, calls, input_tokens, output_tokens, cost, unpriced in found
    ]
    return Found(rows, window, source)
