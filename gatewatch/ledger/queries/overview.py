"""How the gateway does: the one object of `gatewatch show overview`."""

from gatewatch.ledger.answer import Found, window_texts
from gatewatch.ledger.asking import Asking, Windowed, share, usd
from gatewatch.ledger.facts import BLOCKED, FAILED, Facts, facts, source_of, timed_by
from gatewatch.ledger.families import SPEND, TRAFFIC


class Params(Windowed):
    """A window and a filter."""


def answer(asking: Asking, params: Params) -> Found:
    """One row. `calls` counts refused calls too; percentiles leave those out, and interrupted ones."""
    window, where = asking.window(params), asking.where(params.where)
    source = source_of(where.columns, TRAFFIC, SPEND)
    traffic = facts(TRAFFIC, window, where, ("status", "cache"), source=source)
    ((calls, errors, blocked, hits, lookups),) = asking.rows(
        f"""
        SELECT coalesce(sum(calls), 0)::BIGINT,
            coalesce(sum(calls) FILTER (WHERE {FAILED}), 0)::BIGINT,
            coalesce(sum(calls) FILTER (WHERE {BLOCKED}), 0)::BIGINT,
            coalesce(sum(calls) FILTER (WHERE cache IN ('hit', 'semantic')), 0)::BIGINT,
            coalesce(sum(calls) FILTER (WHERE cache IN ('hit', 'semantic', 'miss')), 0)::BIGINT
        FROM ({traffic.sql})""",
        traffic.parameters,
    )
    spend = facts(SPEND, window, where, source=source)
    ((input_tokens, output_tokens, cost, unpriced),) = asking.rows(
        f"""
        SELECT coalesce(sum(input_tokens), 0)::BIGINT, coalesce(sum(output_tokens), 0)::BIGINT,
            coalesce(sum(cost), 0)::DECIMAL(38, 12), coalesce(sum(unpriced_calls), 0)::BIGINT
        FROM ({spend.sql})""",
        spend.parameters,
    )
    timed = Facts(f"SELECT * FROM ({traffic.sql}) WHERE {timed_by(where.columns)}", traffic.parameters, source)
    times = asking.percentiles(timed, ("latency", "ttft"))
    p50, p95, p99 = times.of("latency")
    ttft_p50, ttft_p95, _ = times.of("ttft")
    seconds = asking.seconds(window)
    row = {
        "calls": calls,
        "errors": errors,
        "error_rate": share(errors, calls),
        "blocked": blocked,
        "rps": round(calls / seconds, 3) if seconds else None,
        "p50_ms": p50,
        "p95_ms": p95,
        "p99_ms": p99,
        "ttft_p50_ms": ttft_p50,
        "ttft_p95_ms": ttft_p95,
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "cost_usd": usd(cost, unpriced),
        "unpriced_calls": unpriced,
        "cache_hit_rate": share(hits, lookups),
        "window": window_texts(window),
    }
    return Found([row], window, source)
