"""What went wrong, by kind and one dimension."""

from gatewatch.ledger.answer import Found
from gatewatch.ledger.asking import Asking, Grouped, group_column, share
from gatewatch.ledger.facts import FAILED, facts, source_of
from gatewatch.ledger.families import TRAFFIC, quoted
from gatewatch.timespan import iso


class Params(Grouped):
    """A window, a filter and a dimension (`provider` when left out)."""


def answer(asking: Asking, params: Params) -> Found:
    """One row per HTTP status, kind and group, most first; `rate` is of all calls of the group.

    Errors are the statuses error, truncated and interrupted. A filter that names `status` asks for others instead, as
    in status=blocked.
    """
    window, where = asking.window(params), asking.where(params.where)
    by = group_column(params.by, "provider")
    source = source_of({by, *where.columns}, TRAFFIC)
    wanted = "status NOT IN ('ok', 'cached')" if "status" in where.columns else FAILED
    dims = (by, "status", "http_status", "error_kind")
    traffic = facts(TRAFFIC, window, where, dims, source=source)
    found = asking.rows(
        f"""
        WITH facts AS MATERIALIZED ({traffic.sql}),
        groups AS (SELECT {quoted(by)} AS "group", sum(calls)::BIGINT AS calls FROM facts GROUP BY {quoted(by)})
        SELECT f.http_status, f.error_kind, f.{quoted(by)}, sum(f.calls)::BIGINT AS count, any_value(g.calls),
            epoch_us(min(f.first_at)), epoch_us(max(f.last_at)), arg_max(f.example, f.last_at)::VARCHAR
        FROM facts AS f JOIN groups AS g ON g."group" IS NOT DISTINCT FROM f.{quoted(by)}
        WHERE {wanted.replace("status", "f.status")}
        GROUP BY f.http_status, f.error_kind, f.{quoted(by)}
        ORDER BY count DESC, f.http_status, f.error_kind, f.{quoted(by)} LIMIT ?""",
        [*traffic.parameters, params.limit],
    )
    rows = [
        {
            "http_status": http_status,
            "error_kind": error_kind,
            "group": group,
            "count": count,
            "rate": share(count, calls),
            "first_seen": iso(first),
            "last_seen": iso(last),
            "example": example,
        }
        for http_status, error_kind, group, count, calls, first, last, example in found
    ]
    return Found(rows, window, source)
