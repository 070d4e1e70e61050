"""How long calls took, by one dimension."""

from gatewatch.ledger.answer import Found
from gatewatch.ledger.asking import Asking, Grouped, group_column
from gatewatch.ledger.facts import Facts, facts, source_of, timed_by
from gatewatch.ledger.families import TIMES, TRAFFIC, quoted


class Params(Grouped):
    """A window, a filter and a dimension (`model` when left out)."""


def answer(asking: Asking, params: Params) -> Found:
    """One row per group, most calls first. Refused and interrupted calls have no latency and are not counted; nor, by
    provider or model, replies out of the cache."""
    window, where = asking.window(params), asking.where(params.where)
    by = group_column(params.by, "model")
    source = source_of({by, *where.columns}, TRAFFIC)
    traffic = facts(TRAFFIC, window, where, (by, "status"), source=source)
    counts = timed_by({by, *where.columns})
    timed = Facts(f'SELECT *, {quoted(by)} AS "group" FROM ({traffic.sql}) WHERE {counts}', traffic.parameters, source)
    counted = asking.rows(
        f'SELECT "group", sum(calls)::BIGINT AS calls FROM ({timed.sql}) GROUP BY "group"'
        ' ORDER BY calls DESC, "group" LIMIT ?',
        [*timed.parameters, params.limit],
    )
    times = asking.percentiles(timed, TIMES, '"group"')
    rows = []
    for group, calls in counted:
        p50, p95, p99 = times.of("latency", group)
        ttft_p50, ttft_p95, _ = times.of("ttft", group)
        rows.append(
            {
                "group": group,
                "calls": calls,
                "p50_ms": p50,
                "p95_ms": p95,
                "p99_ms": p99,
                "ttft_p50_ms": ttft_p50,
                "ttft_p95_ms": ttft_p95,
                "upstream_p50_ms": times.of("upstream", group)[0],
                "overhead_p50_ms": times.of("overhead", group)[0],
            }
        )
    return Found(rows, window, source)
