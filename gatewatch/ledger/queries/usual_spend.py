"""What spans of time usually cost: the mean over those in which anything was spent, by one dimension."""

import msgspec

from gatewatch.errors import UsageError
from gatewatch.ledger.answer import Found
from gatewatch.ledger.asking import Asking, usd
from gatewatch.ledger.facts import MINUTE, facts
from gatewatch.ledger.families import SPEND
from gatewatch.ledger.queries.lately import OF_CALLS
from gatewatch.timespan import Window

LONGEST = 31 * 86_400_000_000
NAMES = {by: name for by, name in OF_CALLS.items() if by != "provider_key"}
"""Dimension → what a call is called in it; rollups of spend know no keys of providers."""
_COLUMNS = ("team", "project", "key_id", "user", "environment", "route", "provider", "model")


class Params(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A dimension, a span, and how far back."""

    by: str = "key"
    span_us: int = 10 * MINUTE
    past_us: int = 7 * 24 * 60 * MINUTE
    until_us: int | None = None
    """Left out: now."""


def answer(asking: Asking, params: Params) -> Found:
    """One row for each name: what was spent, and in how many spans. The mean is for whoever asks: money is not
    divided here. Spans are whole minutes, counted from the epoch."""
    if params.by not in NAMES:
        raise UsageError(f"Nothing is known of spend by {params.by!r}", f"Choose one of {', '.join(NAMES)}.")
    if params.span_us < MINUTE or params.span_us % MINUTE or not params.span_us <= params.past_us <= LONGEST:
        raise UsageError("A span is whole minutes, and no longer than the past, which is 31 days at most.")
    until = asking.now_us if params.until_us is None else params.until_us
    end = until - until % params.span_us  # the span that is not over tells too little
    window = Window(end - params.past_us // params.span_us * params.span_us, end)
    spend = facts(SPEND, window, asking.where(None), _COLUMNS, source="rollups", step_us=params.span_us)
    found = asking.rows(
        f"""
        SELECT name, sum(cost)::DECIMAL(38, 12), count(*)
        FROM (SELECT {NAMES[params.by]} AS name, bucket, sum(cost) AS cost FROM ({spend.sql}) GROUP BY ALL)
        WHERE name IS NOT NULL AND cost > 0 GROUP BY name ORDER BY name""",
        spend.parameters,
    )
    return Found([{"name": name, "cost_usd": usd(cost), "spans": spans} for name, cost, spans in found], window)
