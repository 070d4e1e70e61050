"""How the gateway did over time: one row per step of a window, without gaps."""

from gatewatch.errors import UsageError
from gatewatch.ledger.answer import Found, Row
from gatewatch.ledger.asking import Asking, Windowed, usd
from gatewatch.ledger.facts import BLOCKED, FAILED, MINUTE, TIMED, Facts, facts, source_of
from gatewatch.ledger.families import SPEND, TRAFFIC
from gatewatch.timespan import Window, iso, parse_duration

STEPS = (60, 300, 900, 3600, 4 * 3600, 86_400)
"""Seconds that are chosen from when no step is asked for."""
MOST_STEPS = 2000
GOOD_STEPS = 120


class Params(Windowed):
    """A window, a filter and a step."""

    step: str | int | None = None
    """Seconds, or as `1m`, `1h`, `1d`; widened to whole minutes, and counted from the epoch."""


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
        f"SELECT epoch_us(bucket) AS step, latency_bins, ttft_bins FROM ({traffic.sql}) WHERE {TIMED}",
        traffic.parameters,
        source,
    )
    for bucket, times in asking.percentiles(timed, "latency", (0.5, 0.95, 0.99), ("step",)).items():
        rows[_int(bucket)] |= dict(zip(("p50_ms", "p95_ms", "p99_ms"), times, strict=True))
    for bucket, times in asking.percentiles(timed, "ttft", (0.5, 0.95), ("step",)).items():
        rows[_int(bucket)] |= dict(zip(("ttft_p50_ms", "ttft_p95_ms"), times, strict=True))
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
    """In microseconds: what was asked for, widened to whole minutes. Raises UsageError."""
    if asked is None:
        length = window.until_us - window.since_us
        return next((step * 1_000_000 for step in STEPS if length <= step * 1_000_000 * GOOD_STEPS), STEPS[-1] * 10**6)
    try:
        step = asked * 1_000_000 if isinstance(asked, int) else parse_duration(asked)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if step <= 0:
        raise UsageError(f"A step of {asked} is no time")
    return -(-step // MINUTE) * MINUTE


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


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
