"""How the gateway did over time: one row per step of a window, without gaps."""

from gatewatch.errors import UsageError
from gatewatch.ledger.answer import Found, Row
from gatewatch.ledger.asking import Asking, Windowed, usd
from gatewatch.ledger.facts import BLOCKED, FAILED, MINUTE, Facts, facts, source_of, timed_by
from gatewatch.ledger.families import SPEND, TRAFFIC, UNITS
from gatewatch.timespan import Window, iso, parse_duration

_HOUR, _DAY = UNITS["hour"], UNITS["day"]
STEPS = (
    *(MINUTE * minutes for minutes in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * hours for hours in (1, 2, 3, 4, 6, 12)),
    *(_DAY * days for days in (1, 2, 7)),
)
"""Steps to choose from when none is asked for exactly, in microseconds; those of hours read the rollups of hours."""
MOST_STEPS = 2000
GOOD_STEPS = 120


class Params(Windowed):
    """A window, a filter and a step."""

    step: str | int | None = None
    """As `1m`, `1h`, `1d`: whole minutes, counted from the epoch. A number is about how many seconds a step should
    have: the next longer of `STEPS` is taken."""


def answer(asking: Asking, params: Params) -> Found:
    """Rows from the oldest step to the one that now lies in. A step without calls has percentiles of None."""
    step_us = _step(params.step, asking.window(params))
    window, where = asking.window(params, step_us), asking.where(params.where)
    if (window.until_us - window.since_us) // step_us > MOST_STEPS:
        raise UsageError(f"That would be more than {MOST_STEPS} steps", "Ask for a longer step or a shorter window.")
    source = source_of(where.columns, TRAFFIC, SPEND)
    rows = {
        bucket: _empty(bucket) for bucket in range(window.since_us, min(window.until_us, asking.now_us + 1), step_us)
    }
    traffic = facts(TRAFFIC, window, where, ("status",), source=source, step_us=step_us)
    counted = asking.rows(
        f"""
        SELECT epoch_us(bucket), sum(calls)::BIGINT, coalesce(sum(calls) FILTER (WHERE {FAILED}), 0)::BIGINT,
            coalesce(sum(calls) FILTER (WHERE {BLOCKED}), 0)::BIGINT
        FROM ({traffic.sql}) GROUP BY bucket""",
        traffic.parameters,
    )
    for bucket, calls, errors, blocked in counted:
        seconds = asking.seconds(Window(bucket, bucket + step_us))
        row = rows.setdefault(bucket, _empty(bucket))
        row |= {"calls": calls, "errors": errors, "blocked": blocked}
        row["rps"] = round(calls / seconds, 3) if seconds else None
    timed = Facts(
        f"SELECT epoch_us(bucket) AS step, latency_bins, ttft_bins FROM ({traffic.sql})"
        f" WHERE {timed_by(where.columns)}",
        traffic.parameters,
        source,
    )
    times = asking.percentiles(timed, ("latency", "ttft"), "step")
    for bucket, row in rows.items():
        row["p50_ms"], row["p95_ms"], row["p99_ms"] = times.of("latency", bucket)
        row["ttft_p50_ms"], row["ttft_p95_ms"], _ = times.of("ttft", bucket)
    spend = facts(SPEND, window, where, source=source, step_us=step_us)
    spent = asking.rows(
        f"""
        SELECT epoch_us(bucket), sum(input_tokens)::BIGINT, sum(output_tokens)::BIGINT,
            sum(input_cache_read_tokens)::BIGINT, sum(cost), sum(unpriced_calls)::BIGINT
        FROM ({spend.sql}) GROUP BY bucket""",
        spend.parameters,
    )
    for bucket, input_tokens, output_tokens, cache_read, cost, unpriced in spent:
        rows[bucket] |= {
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "cache_read_tokens": cache_read,
            "cost_usd": usd(cost, unpriced),
        }
    return Found([rows[bucket] for bucket in sorted(rows)], window, source)


def _step(asked: str | int | None, window: Window) -> int:
    """In microseconds. Raises UsageError."""
    if isinstance(asked, str):
        try:
            step = parse_duration(asked)
        except ValueError as error:
            raise UsageError(str(error)) from None
        if step < MINUTE or step % MINUTE:
            raise UsageError(f"A step of {asked} is no whole number of minutes")
        return step
    least = (window.until_us - window.since_us) / GOOD_STEPS if asked is None else asked * 1_000_000
    return next((step for step in STEPS if step >= least), STEPS[-1])


def _empty(bucket: int) -> Row:
    return {
        "bucket": iso(bucket),
        "calls": 0,
        "errors": 0,
        "blocked": 0,
        "rps": 0.0,
        "p50_ms": None,
        "p95_ms": None,
        "p99_ms": None,
        "ttft_p50_ms": None,
        "ttft_p95_ms": None,
        "input_tokens": 0,
        "output_tokens": 0,
        "cache_read_tokens": 0,
        "cost_usd": "0",
    }
