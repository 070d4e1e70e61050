"""Where the calls of each route went, and how it went there: one row per route and target, from the rollups."""

from gatewatch.ledger.answer import Found
from gatewatch.ledger.asking import Asking, Windowed, share, usd
from gatewatch.ledger.facts import BLOCKED, FAILED, TIMED, Facts, facts, source_of
from gatewatch.ledger.families import SPEND, TRAFFIC

_DIMS = ("route", "provider", "model")
_GROUP = "route || '|' || provider || '/' || model"
"""No name of a route holds the mark."""


class Params(Windowed):
    """A window and a filter."""


def answer(asking: Asking, params: Params) -> Found:
    """Most calls of a route first. `share` is of the route's calls; refused calls went nowhere and are not counted.

    A call counts where its answer came from, however many targets were tried before.
    """
    window, where = asking.window(params), asking.where(params.where)
    source = source_of({*_DIMS, *where.columns}, TRAFFIC, SPEND)
    traffic = facts(TRAFFIC, window, where, (*_DIMS, "status"), source=source)
    spend = facts(SPEND, window, where, _DIMS, source=source)
    went = f"route IS NOT NULL AND provider IS NOT NULL AND model IS NOT NULL AND NOT {BLOCKED}"
    counted = asking.rows(
        f"""
        WITH cost AS (SELECT {_GROUP} AS "group", sum(cost) AS cost, sum(unpriced_calls)::BIGINT AS unpriced
            FROM ({spend.sql}) GROUP BY ALL)
        SELECT "group", route, provider || '/' || model, sum(calls)::BIGINT AS calls,
            coalesce(sum(calls) FILTER ({FAILED}), 0)::BIGINT, any_value(cost), any_value(unpriced),
            sum(sum(calls)) OVER (PARTITION BY route)::BIGINT
        FROM (SELECT *, {_GROUP} AS "group" FROM ({traffic.sql}) WHERE {went}) LEFT JOIN cost USING ("group")
        GROUP BY "group", route, provider, model ORDER BY route, calls DESC, "group" """,
        [*spend.parameters, *traffic.parameters],
    )
    timed = Facts(
        f'SELECT *, {_GROUP} AS "group" FROM ({traffic.sql}) WHERE {TIMED} AND {went}', traffic.parameters, source
    )
    times = asking.percentiles(timed, ("latency", "ttft"), '"group"') if counted else None
    rows = []
    for group, route, target, calls, errors, cost, unpriced, of_route in counted:
        assert times is not None
        p50, p95, _ = times.of("latency", group)
        rows.append(
            {
                "route": route,
                "target": target,
                "calls": calls,
                "share": share(calls, of_route),
                "errors": errors,
                "error_rate": share(errors, calls),
                "p50_ms": p50,
                "p95_ms": p95,
                "ttft_p95_ms": times.of("ttft", group)[1],
                "cost_usd": usd(cost, unpriced or 0),
            }
        )
    return Found(rows, window, source)
