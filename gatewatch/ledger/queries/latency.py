"""How long calls took, by one dimension."""

from gatewatch.ledger.answer import Found
from gatewatch.ledger.asking import Asking, Grouped, group_column
from gatewatch.ledger.facts import TIMED, Facts, facts, source_of
from gatewatch.ledger.families import TRAFFIC, quoted


class Params(Grouped):
    """A window, a filter and a dimension (`model` when left out)."""


def answer(asking: Asking, params: Params) -> Found:
    """One row per group, most calls first. Refused and interrupted calls have no latency and are not counted."""
    window, where = asking.window(params), asking.where(params.where)
    by = group_column(params.by, "model")
    source = source_of({by, *where.columns}, TRAFFIC)
    traffic = facts(TRAFFIC, window, where, (by, "status"), source=source)
    timed = Facts(f'SELECT *, {quoted(by)} AS "group" FROM ({traffic.sql}) WHERE {TIMED}', traffic.parameters, source)
    counted = asking.rows(
        f'SELECT "group", sum(calls)::BIGINT AS calls FROM ({timed.sql}) GROUP BY "group"'
        ' ORDER BY calls DESC, "group" LIMIT ?',
        [*timed.parameters, params.limit],
    )
    latency = asking.percentiles(timed, "latency", (0.5, 0.95, 0.99), ('"group"',))
    ttft = asking.percentiles(timed, "ttft", (0.5, 0.95), ('"group"',))
    upstream = asking.percentiles(timed, "upstream", (0.5,), ('"group"',))
    overhead = asking.percentiles(timed, "overhead", (0.5,), ('"group"',))
    rows = []
    for group, calls in counted:
        p50, p95, p99 = latency.get(group, (None, None, None))
        ttft_p50, ttft_p95 = ttft.get(group, (None, None))
        rows.append(
            {
                "group": group,
                "calls": calls,
                "p50_ms": p50,
                "p95_ms": p95,
                "p99_ms": p99,
                "ttft_p50_ms": ttft_p50,
                "ttft_p95_ms": ttft_p95,
                "upstream_p50_ms": upstream.get(group, [None])[0],
                "overhead_p50_ms": overhead.get(group, [None])[0],
            }
        )
    return Found(rows, window, source)
