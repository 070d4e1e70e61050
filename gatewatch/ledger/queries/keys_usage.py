"""What each virtual key was used for, as far as the ledger knows."""

from gatewatch.ledger.answer import Found
from gatewatch.ledger.asking import Asking, Windowed, usd
from gatewatch.ledger.facts import facts, source_of
from gatewatch.ledger.families import SPEND
from gatewatch.timespan import iso


class Params(Windowed):
    """A window and a filter."""


def answer(asking: Asking, params: Params) -> Found:
    """One row per key, last used first."""
    window, where = asking.window(params), asking.where(params.where)
    source = source_of(where.columns, SPEND)
    spend = facts(SPEND, window, where, ("key_id", "key_name", "team", "project"), source=source)
    found = asking.rows(
        f"""
        SELECT key_id, arg_max(key_name, last_at), arg_max(team, last_at), arg_max(project, last_at),
            epoch_us(max(last_at)) AS last_used, sum(calls)::BIGINT, sum(input_tokens)::BIGINT,
            sum(output_tokens)::BIGINT, sum(cost), sum(unpriced_calls)::BIGINT
        FROM ({spend.sql}) WHERE key_id IS NOT NULL GROUP BY key_id ORDER BY last_used DESC, key_id""",
        spend.parameters,
    )
    rows = [
        {
            "key_id": key_id,
            "key_name": key_name,
            "team": team,
            "project": project,
            "last_used": iso(last_used),
            "calls": calls,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "cost_usd": usd(cost, unpriced),
            "unpriced_calls": unpriced,
        }
        for key_id, key_name, team, project, last_used, calls, input_tokens, output_tokens, cost, unpriced in found
    ]
    return Found(rows, window, source)
