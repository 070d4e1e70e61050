"""How far estimates were from what providers counted, and what that teaches of each model.

Keeps true: a lesson is about the estimate from the text's size alone, before any correction, so that what was learnt
yesterday does not teach today; medians, so that a few odd calls teach nothing.

Looked at are answered calls with a usage of the provider's, of one try: where another target answered, the estimate was
for the first. Outputs are compared where the request set no limit: with one, the limit is reserved, and is no guess.
"""

from gatewatch.ledger.answer import Found
from gatewatch.ledger.asking import Asking, Grouped, group_column
from gatewatch.ledger.families import quoted

LEAST, MOST = 25, 400
"""Percent: nothing beyond is learnt."""
SMALLEST = 100
"""Tokens: of shorter prompts the frame around the text is too much of the whole."""


class Params(Grouped):
    """A window, a filter and a dimension; left out, each provider's models (`openai/gpt-5`)."""


def answer(asking: Asking, params: Params) -> Found:
    """One row per group, the most calls first. Errors are relative to what the provider counted, without their sign;
    a bias is how much more, or less, was estimated of all tokens together. None: there was nothing to compare."""
    window, where = asking.window(params), asking.where(params.where)
    group = quoted(group_column(params.by, "model")) if params.by else "provider || '/' || model"
    found = asking.rows(
        f"""
        WITH told AS (
            SELECT {group} AS "group", started_at, input_tokens, output_tokens, estimated_input_tokens AS expected,
                estimate_percent, estimated_output_tokens AS expected_output,
                endpoint <> 'embeddings' AND coalesce(NOT regexp_matches(params::VARCHAR,
                    '"(max_tokens|max_completion_tokens|max_output_tokens|n)"'), TRUE) AS is_free,
                coalesce(estimated_others, 0) = 0 AND input_image_tokens = 0 AND input_audio_tokens = 0
                    AND greatest(input_tokens, expected * 100 / estimate_percent) >= {SMALLEST} AS is_lesson
            FROM calls
            WHERE started_at >= make_timestamp(?) AND started_at < make_timestamp(?) AND ({where.sql})
                AND status = 'ok' AND attempts = 1 AND "usage" IS NOT NULL
                AND expected > 0 AND input_tokens > 0 AND estimate_percent > 0
        )
        SELECT "group", count(*),
            quantile_cont(abs(expected - input_tokens) / input_tokens, [0.5, 0.95]),
            sum(expected - input_tokens)::DOUBLE / sum(input_tokens),
            arg_max(estimate_percent, started_at),
            count(*) FILTER (WHERE is_lesson),
            median(input_tokens * estimate_percent / expected) FILTER (WHERE is_lesson),
            count(*) FILTER (WHERE is_free),
            quantile_cont(abs(expected_output - output_tokens) / output_tokens, [0.5, 0.95])
                FILTER (WHERE is_free AND output_tokens > 0),
            sum(expected_output - output_tokens) FILTER (WHERE is_free)::DOUBLE
                / nullif(sum(output_tokens) FILTER (WHERE is_free), 0),
            quantile_disc(output_tokens, 0.95) FILTER (WHERE is_free)
        FROM told GROUP BY "group" ORDER BY count(*) DESC, "group" LIMIT ?""",
        [window.since_us, window.until_us, *where.parameters, params.limit],
    )
    rows = [
        {
            "group": name,
            "calls": calls,
            "input_error_median": _rate(input_errors, 0),
            "input_error_p95": _rate(input_errors, 1),
            "input_bias": _rounded(input_bias),
            "percent": percent,
            "lessons": lessons,
            "learnt_percent": None if ratio is None else min(MOST, max(LEAST, round(ratio))),
            "free_calls": free,
            "output_error_median": _rate(output_errors, 0),
            "output_error_p95": _rate(output_errors, 1),
            "output_bias": _rounded(output_bias),
            "output_p95": usual,
        }
        for name, calls, input_errors, input_bias, percent, lessons, ratio, free, output_errors, output_bias, usual
        in found
    ]  # fmt: skip
    return Found(rows, window, "calls")


def _rate(quantiles: list[float] | None, index: int) -> float | None:
    return _rounded(quantiles[index]) if quantiles else None


def _rounded(rate: float | None) -> float | None:
    return None if rate is None else round(rate, 4)
