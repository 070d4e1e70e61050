"""How targets of routes have done lately: what service levels are judged by, try by try.

Of the tries, not of the calls: a call's row names the target that answered last, and what failed before it stands in
its tries alone. A time is the target's own: from the try's beginning to the first token of a stream, or to the end of a
plain answer, whatever the call had waited for before.

- A failure is a 5xx, or no whole answer. A 429 is none: it says that we send too much, which waiting and the next
  target see to; nor is what a provider says of a key or of the caller's request. None of them counts as a try.
- A try that was given up because it took too long counts as slower than the bound. So does one whose caller left before
  the first byte, or that another target was quicker than (a hedge), where the bound had passed: whoever waits shortly
  must not make a target look fast.
"""

import msgspec

from gatewatch.errors import UsageError
from gatewatch.ledger.answer import Found
from gatewatch.ledger.asking import Asking
from gatewatch.timespan import Window

LONGEST = 24 * 3_600_000_000
MOST = 5_000


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One target of one route. Times in µs."""

    route: str
    provider: str
    model: str
    bound_us: int
    since_us: int = 0
    """Tries that began before that time have no time."""
    latest: int = 0
    """So many of its latest tries have one, also where they ended before the window."""
    window_us: int = 300_000_000
    """Before now; so long ago a try may have ended to have a time."""
    counted_since_us: int = 0
    """Tries that began before that time are not counted."""


class Params(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Targets, and how far back. Times in µs."""

    targets: tuple[Asked, ...] = ()
    day_us: int = LONGEST
    """Tries are counted over it."""
    hour_us: int = 3_600_000_000
    """And over its end."""
    timed_us: int = 900_000_000
    """No try has a time that ended longer ago."""


def answer(asking: Asking, params: Params) -> Found:
    """One row for each target of which anything is known."""
    if not all(0 < each <= LONGEST for each in (params.day_us, params.hour_us, params.timed_us)):
        raise UsageError("A window is longer than nothing, and a day at most.")
    if len(params.targets) > MOST:
        raise UsageError(f"{len(params.targets)} targets are too many", f"Ask for {MOST} at most.")
    now = asking.now_us
    window = Window(now - params.day_us, now)
    if not params.targets:
        return Found([], window, "calls")
    columns = [[getattr(each, name) for each in params.targets] for name in Asked.__struct_fields__]
    own = [] if asking.team is None else [asking.team]
    since, hour, timed = window.since_us, now - params.hour_us, now - params.timed_us
    values = [*columns, since, since, since, columns[0], *own, hour, hour, timed, now]
    found = asking.rows(_SQL.format(team="AND c.team = ?" if own else ""), values)
    names = ("route", "provider", "model", "tries", "failures", "hour_tries", "hour_failures", "timed", "p95_us")
    return Found([dict(zip(names, row, strict=True)) for row in found], window, "calls")


_FAILED = """(coalesce(a.http_status >= 500, FALSE) OR a.status IN ('error', 'truncated')
                AND a.error_kind IN ('upstream_timeout', 'upstream_unreachable', 'upstream_tls',
                    'upstream_truncated', 'upstream_invalid', 'upstream_error', 'upstream_overloaded'))"""
_ANSWERED = "coalesce(a.http_status = 200, FALSE)"
_SQL = f"""
    WITH asked AS (
        SELECT unnest(?::VARCHAR[]) AS route, unnest(?::VARCHAR[]) AS provider, unnest(?::VARCHAR[]) AS model,
            unnest(?::BIGINT[]) AS bound, unnest(?::BIGINT[]) AS since, unnest(?::BIGINT[]) AS latest,
            unnest(?::BIGINT[]) AS span, unnest(?::BIGINT[]) AS counted_since
    ),
    made AS MATERIALIZED ( -- joined before `asked`, of which nobody could tell how many there are
        SELECT c.route, a.provider, a.model, epoch_us(a.started_at) AS began,
            epoch_us(a.started_at) + a.latency_us AS ended, a.latency_us AS latency,
            {_FAILED} AS failed, {_ANSWERED} AND NOT {_FAILED} AS went_well,
            a.error_kind = 'upstream_timeout' AS was_late,
            a.status = 'client_closed' OR a.error_kind = 'hedged' AS was_left,
            CASE
                WHEN c.stream AND {_ANSWERED} AND c.ttft_us IS NOT NULL AND (a.status = 'ok' OR a.n = c.attempts)
                    THEN greatest(0, c.ttft_us - (epoch_us(a.started_at) - epoch_us(c.started_at)))
                WHEN {_ANSWERED} AND a.status = 'ok' THEN if(c.stream, a.first_byte_us, a.latency_us)
            END AS answered
        FROM attempts a JOIN calls c ON c.call_id = a.call_id
        WHERE a.loaded_at >= make_timestamp(?) AND c.loaded_at >= make_timestamp(?)
            AND a.started_at + to_microseconds(a.latency_us) >= make_timestamp(?)
            AND list_contains(?::VARCHAR[], c.route) AND c.deferred IS DISTINCT FROM 'batch' {{team}}
    ),
    tries AS MATERIALIZED (
        SELECT asked.*, began, ended, failed, went_well,
            CASE
                WHEN answered IS NOT NULL THEN answered
                WHEN was_late THEN greatest(latency, bound + 1)
                WHEN was_left AND latency > bound THEN latency
            END AS took
        FROM made JOIN asked USING (route, provider, model)
    ),
    counted AS (
        SELECT route, provider, model,
            count(*) FILTER (began >= counted_since AND (failed OR went_well)) AS tries,
            count(*) FILTER (began >= counted_since AND failed) AS failures,
            count(*) FILTER (began >= counted_since AND (failed OR went_well) AND ended >= ?) AS hour_tries,
            count(*) FILTER (began >= counted_since AND failed AND ended >= ?) AS hour_failures
        FROM tries GROUP BY route, provider, model
    ),
    ranked AS (
        SELECT *, row_number() OVER (PARTITION BY route, provider, model ORDER BY ended DESC) AS rank
        FROM tries WHERE took IS NOT NULL AND began >= since AND ended >= ?
    ),
    timed AS (
        SELECT route, provider, model, count(*) AS timed, quantile_cont(took, 0.95)::BIGINT AS p95
        FROM ranked WHERE ended >= ? - span OR rank <= latest GROUP BY route, provider, model
    )
    SELECT c.*, coalesce(t.timed, 0), t.p95 FROM counted c LEFT JOIN timed t USING (route, provider, model)
    ORDER BY c.route, c.provider, c.model"""
