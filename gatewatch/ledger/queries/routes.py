"""Where the calls of each route went, and how it went there: one row per route and target, from the calls themselves.

Keeps true: a target is told of by its own tries. A call that failed at one and was mended by another is a failure of
the first, and its waiting no time of the second; it is one answer, and its cost, of the second.
"""

from gatewatch.ledger.answer import Found
from gatewatch.ledger.asking import Asking, Windowed, ms, share, usd


class Params(Windowed):
    """A window and a filter, of the calls."""


def answer(asking: Asking, params: Params) -> Found:
    """Most tries of a route first.

    `answered` are calls that ended well there, `share` is of the route's such calls; replies out of the cache and
    refused calls went nowhere. `cost_usd` is of all calls that ended there, with what lost tries may have cost.
    `failed` are tries that got an error or half an answer, whosever fault it was. Times are from a try's beginning to
    its end (`ttft`: to the first token), of those that were answered or too late: not of one that failed at once, that
    its caller or a quicker target ended, or that went in a provider's batch.
    """
    window, where = asking.window(params), asking.where(params.where)
    found = asking.rows(
        f"""
        WITH own AS MATERIALIZED (
            SELECT call_id, started_at, route, provider, model, status, attempts, cost, cost_basis, stream, deferred,
                ttft_us
            FROM calls WHERE started_at >= make_timestamp(?) AND started_at < make_timestamp(?)
                AND route IS NOT NULL AND ({where.sql})
        ),
        ended AS (
            SELECT route, provider, model, count(*) FILTER (status = 'ok') AS answered, sum(cost) AS cost,
                count(*) FILTER (cost_basis = 'unpriced') AS unpriced
            FROM own WHERE provider IS NOT NULL AND model IS NOT NULL AND status NOT IN ('blocked', 'cached')
            GROUP BY ALL
        ),
        tried AS (
            SELECT c.route, a.provider, a.model,
                a.status IN ('error', 'truncated') AND a.error_kind IS DISTINCT FROM 'hedged' AS failed,
                a.latency_us AS took, {_TIMED} AS timed,
                CASE WHEN c.stream AND a.n = c.attempts
                    THEN greatest(0, c.ttft_us - epoch_us(a.started_at) + epoch_us(c.started_at)) END AS ttft
            FROM attempts AS a JOIN own AS c USING (call_id) WHERE a.started_at >= make_timestamp(?)
        ),
        tries AS (
            SELECT route, provider, model, count(*) AS tries, count(*) FILTER (failed) AS failed,
                quantile_cont(took, [0.5, 0.95]) FILTER (timed) AS took,
                quantile_cont(ttft, 0.95) FILTER (timed) AS ttft
            FROM tried GROUP BY ALL
        )
        SELECT route, provider || '/' || model, coalesce(tries, 0), coalesce(failed, 0), took, ttft,
            coalesce(answered, 0), sum(coalesce(answered, 0)) OVER (PARTITION BY route)::BIGINT, coalesce(cost, 0),
            coalesce(unpriced, 0)
        FROM ended FULL JOIN tries USING (route, provider, model)
        ORDER BY route, tries DESC NULLS LAST, provider, model""",
        [window.since_us, window.until_us, *where.parameters, window.since_us],
    )
    rows = [
        {
            "route": route,
            "target": target,
            "tries": tries,
            "failed": failed,
            "failed_rate": share(failed, tries),
            "p50_ms": ms(took and round(took[0])),
            "p95_ms": ms(took and round(took[1])),
            "ttft_p95_ms": ms(ttft and round(ttft)),
            "answered": answered,
            "share": share(answered, of_route),
            "cost_usd": usd(cost, unpriced),
        }
        for route, target, tries, failed, took, ttft, answered, of_route, cost, unpriced in found
    ]
    return Found(rows, window, "calls")


_TIMED = """((a.status = 'ok' OR a.error_kind = 'upstream_timeout') AND c.deferred IS DISTINCT FROM 'batch'
                    AND coalesce(a.error_kind, '') NOT LIKE 'batch!_%' ESCAPE '!')"""
