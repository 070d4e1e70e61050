"""What the cache saved, by one dimension."""

from decimal import Decimal

from gatewatch.ledger.answer import Found
from gatewatch.ledger.asking import Asking, Grouped, group_column, share, usd
from gatewatch.ledger.facts import facts, source_of
from gatewatch.ledger.families import TRAFFIC, quoted


class Params(Grouped):
    """A window, a filter and a dimension (`model` when left out)."""


def answer(asking: Asking, params: Params) -> Found:
    """One row per group with look-ups, most first. What was avoided is None where no hit has a known price."""
    window, where = asking.window(params), asking.where(params.where)
    by = group_column(params.by, "model")
    source = source_of({by, *where.columns}, TRAFFIC)
    traffic = facts(TRAFFIC, window, where, (by, "cache"), source=source)
    found = asking.rows(
        f"""
        SELECT {quoted(by)} AS "group", sum(calls)::BIGINT AS lookups,
            coalesce(sum(calls) FILTER (WHERE cache = 'hit'), 0)::BIGINT,
            coalesce(sum(calls) FILTER (WHERE cache = 'semantic'), 0)::BIGINT,
            sum(avoided)::DECIMAL(38, 12)
        FROM ({traffic.sql}) WHERE cache IN ('hit', 'semantic', 'miss') GROUP BY {quoted(by)}
        ORDER BY lookups DESC, "group" LIMIT ?""",
        [*traffic.parameters, params.limit],
    )
    rows = [
        {
            "group": group,
            "lookups": lookups,
            "hits": hits,
            "semantic_hits": semantic,
            "hit_rate": share(hits + semantic, lookups),
            "avoided_usd": None if avoided is None and hits + semantic else usd(avoided or Decimal(0)),
        }
        for group, lookups, hits, semantic, avoided in found
    ]
    return Found(rows, window, source)
