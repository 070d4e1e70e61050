"""Percentiles from log-spaced histograms: mergeable, and at most 2 % off.

A time of t microseconds falls into bin floor(ln t / ln 1.04) and is read back as the bin's geometric middle, which is
at most √1.04 − 1 = 1.98 % from any time in it; less than a microsecond is bin −1 and read back as 0. A percentile is
the one of continuous interpolation between ranks, as `quantile_cont`, numpy and spreadsheets have it.
"""

from collections.abc import Sequence

RATIO = 1.04


def bin_of(column: str) -> str:
    """SQL: the bin of a column of microseconds."""
    return f"CASE WHEN {column} < 1 THEN -1 ELSE floor(ln({column}) / ln({RATIO})) END::SMALLINT"


def middle_us(bin_number: int) -> float:
    """The time that stands for a bin."""
    return 0.0 if bin_number < 0 else RATIO ** (bin_number + 0.5)


def percentiles_sql(facts: str, metrics: Sequence[str], shares: Sequence[float], group: Sequence[str] = ()) -> str:
    """SQL over `facts`, a relation with histograms in `<metric>_bins`.

    One row per group and metric that has any times: the group's columns, the metric, then for each share the bins of
    the two ranks around it and where between them it lies.
    """
    by = "".join(f"{column}, " for column in group)
    picks = ", ".join(
        f"min(bin) FILTER (WHERE upto > floor((total - 1) * {share})), "
        f"min(bin) FILTER (WHERE upto > ceil((total - 1) * {share})), "
        f"(max(total) - 1) * {share} - floor((max(total) - 1) * {share})"
        for share in shares
    )
    entries = " UNION ALL ".join(
        f"SELECT {by}'{metric}' AS metric, unnest(map_entries({metric}_bins)) AS entry FROM facts" for metric in metrics
    )
    return f"""
        WITH facts AS ({facts}),
        bins AS (SELECT {by}metric, entry.key AS bin, sum(entry.value) AS n FROM ({entries}) GROUP BY ALL),
        ranks AS (
            SELECT {by}metric, bin, sum(n) OVER (PARTITION BY {by}metric ORDER BY bin)::DOUBLE AS upto,
                sum(n) OVER (PARTITION BY {by}metric)::DOUBLE AS total
            FROM bins
        )
        SELECT {by}metric, {picks} FROM ranks GROUP BY {by}metric"""


def milliseconds(low_bin: int, high_bin: int, between: float) -> float:
    """A percentile from its two bins, in milliseconds."""
    low, high = middle_us(low_bin), middle_us(high_bin)
    return float(f"{(low + (high - low) * between) / 1000:.6g}")  # more digits would be noise
