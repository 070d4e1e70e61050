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


def percentiles_sql(facts: str, metric: str, shares: Sequence[float], group: Sequence[str] = ()) -> str:
    """SQL over `facts`, a relation with histograms in `<metric>_bins`.

    One row per group that has any times: the group's columns, then for each share the bins of the two ranks around it
    and where between them it lies.
    """
    by = "".join(f"{column}, " for column in group)
    partition = f"PARTITION BY {', '.join(group)}" if group else ""
    picks = ", ".join(
        f"min(bin) FILTER (WHERE upto > floor((total - 1) * {share})), "
        f"min(bin) FILTER (WHERE upto > ceil((total - 1) * {share})), "
        f"(max(total) - 1) * {share} - floor((max(total) - 1) * {share})"
        for share in shares
    )
    return f"""
        WITH entries AS (SELECT {by}unnest(map_entries({metric}_bins)) AS entry FROM ({facts}) AS facts),
        bins AS (SELECT {by}entry.key AS bin, sum(entry.value) AS n FROM entries GROUP BY ALL),
        ranks AS (
            SELECT {by}bin, sum(n) OVER ({partition} ORDER BY bin)::DOUBLE AS upto,
                sum(n) OVER ({partition})::DOUBLE AS total
            FROM bins
        )
        SELECT {by}{picks} FROM ranks {f"GROUP BY {', '.join(group)}" if group else "HAVING count(*) > 0"}"""


def milliseconds(low_bin: int, high_bin: int, between: float) -> float:
    """A percentile from its two bins, in milliseconds."""
    low, high = middle_us(low_bin), middle_us(high_bin)
    return round((low + (high - low) * between) / 1000, 3)
