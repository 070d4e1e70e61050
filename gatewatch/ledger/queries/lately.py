"""What became of calls lately, by one dimension: the figures that alerts are judged by.

Keeps true: a call counts from its end on, however long it took: a provider that hangs is seen when its calls give up.
Rollups know beginnings alone, and no team with a latency or a status; so this is asked of the calls. What is read is
bounded by the window: calls stand in the order in which they were loaded.
"""

import msgspec

from gatewatch.errors import UsageError
from gatewatch.ledger.answer import Found
from gatewatch.ledger.asking import Asking, usd
from gatewatch.ledger.facts import BLOCKED, FAILED, SENT_ALONE, TIMED
from gatewatch.timespan import Window

LONGEST = 24 * 3_600_000_000

OF_CALLS = {
    "gateway": "''",
    "environment": "environment",
    "team": "team",
    "project": "team || '/' || project",
    "user": '"user"',
    "key": "key_id",
    "route": "route",
    "model": "CASE WHEN status <> 'cached' THEN provider || '/' || model END",
    "provider": "CASE WHEN status <> 'cached' THEN provider END",
    "provider_key": "provider || '/' || provider_key",
}
"""Dimension → what a call is called in it, as limits and budgets have it (`gatewatch.limits.concerned`). No provider
has served what came from the cache."""
OF_TRIES = {
    "gateway": "''",
    "model": "provider || '/' || model",
    "provider": "provider",
    "provider_key": OF_CALLS["provider_key"],
}
_WORKED = f"NOT ({BLOCKED} AND coalesce(http_status, 0) < 500)"
"""Calls that a provider, or the gateway, had to serve: shares of failures are of these."""


class Params(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A dimension, and how far back."""

    by: str = "gateway"
    window_us: int = 300_000_000
    tries: bool = False
    """Answers of providers, try by try, instead of what callers were told."""
    blocked_by: str | None = None
    """Only calls that were refused because of this rule."""


def answer(asking: Asking, params: Params) -> Found:
    """One row for each name of the dimension that anything is known of. Times in µs, `cost_usd` as money."""
    names = OF_TRIES if params.tries else OF_CALLS
    if params.by not in names:
        raise UsageError(f"Nothing is known lately by {params.by!r}", f"Choose one of {', '.join(names)}.")
    if not 0 < params.window_us <= LONGEST:
        raise UsageError("A window is longer than nothing, and a day at most.")
    window = Window(asking.now_us - params.window_us, asking.now_us)
    since: list[object] = [window.since_us, window.since_us]
    own = [] if asking.team is None else [asking.team]
    if params.tries:
        found = asking.rows(_tries(names[params.by], _OF_A_TEAMS_CALLS * len(own)), [*since, *own])
    else:
        conditions = ["team = ?"] * len(own) + ["blocked_by = ?"] * (params.blocked_by is not None)
        values = own + ([] if params.blocked_by is None else [params.blocked_by])
        counted = params.by == "gateway" and not conditions
        sql = _calls(names[params.by], "".join(f" AND {each}" for each in conditions) + _REJECTED * counted)
        found = asking.rows(sql, [*since, *values, *since * counted])
    columns = (
        *("name", "calls", "worked", "failed", "5xx", "401", "429", "blocked", "unpriced", "cost_usd"),
        *("p95_us", "ttft_p95_us", "timed", "ttft_timed"),
    )
    rows = [dict(zip(columns, row, strict=True)) for row in found]
    return Found([row | {"cost_usd": usd(row["cost_usd"])} for row in rows], window, "calls")


_REJECTED = """
        UNION ALL
        SELECT '', 'blocked', CASE WHEN error_kind = 'invalid_api_key' THEN 401 END, 0, NULL, NULL, NULL, count
        FROM rejected WHERE loaded_at >= make_timestamp(?) AND started_at >= make_timestamp(?)"""
"""Refused calls that were only counted: nobody knows whose they were."""


def _calls(name: str, more: str) -> str:
    return f"""
        SELECT name, sum(weight)::BIGINT, {_number(_WORKED)}, {_number(FAILED)}, {_number("http_status >= 500")},
            {_number("http_status = 401")}, {_number("http_status = 429")}, {_number(BLOCKED)}, sum(unpriced)::BIGINT,
            coalesce(sum(cost), 0)::DECIMAL(38, 12), {_p95("latency_us")}, {_p95("ttft_us")},
            count(latency_us) FILTER ({TIMED}), count(ttft_us) FILTER ({TIMED})
        FROM (
            SELECT {name} AS name, status, http_status, CASE WHEN cost_basis = 'unpriced' THEN 1 ELSE 0 END AS unpriced,
                cost, CASE WHEN deferred IS NULL THEN latency_us END AS latency_us, ttft_us, 1::BIGINT AS weight
            FROM calls WHERE loaded_at >= make_timestamp(?) AND coalesce(ended_at, started_at) >= make_timestamp(?)
            {more}
        ) WHERE name IS NOT NULL GROUP BY name ORDER BY name"""


_NO_GOOD = "http_status >= 500 OR http_status IS NULL AND status = 'error'"
"""A provider that cannot be reached, or does not answer in time, is no better than one that answers 503."""
_OF_A_TEAMS_CALLS = " AND call_id IN (SELECT call_id FROM calls WHERE team = ?)"


def _tries(name: str, more: str) -> str:
    """Tries have neither a cost nor a time to the first token of their own."""
    return f"""
        SELECT name, count(*), count(*), count(*) FILTER (status <> 'ok'), count(*) FILTER ({_NO_GOOD}),
            count(*) FILTER (http_status = 401), count(*) FILTER (http_status = 429), 0, 0, 0::DECIMAL(38, 12),
            quantile_cont(latency_us, 0.95), NULL, count(latency_us), 0
        FROM (
            SELECT {name} AS name, status, http_status, latency_us
            FROM attempts
            WHERE {SENT_ALONE} AND loaded_at >= make_timestamp(?)
                AND started_at + to_microseconds(coalesce(latency_us, 0)) >= make_timestamp(?)
                {more}
        ) WHERE name IS NOT NULL GROUP BY name ORDER BY name"""


def _number(condition: str) -> str:
    return f"coalesce(sum(weight) FILTER ({condition}), 0)::BIGINT"


def _p95(column: str) -> str:
    return f"quantile_cont({column}, 0.95) FILTER ({TIMED})"
