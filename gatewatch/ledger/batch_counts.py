"""What a committed batch adds to counters beside the ledger: its rows, summed by names and sorted into bins.

Keeps true: sums over all batches are the same sums over the ledger's rows; names are those of the rollups, so that the
ones beyond a day's limit are `other` here too; money is whole picodollars.
"""

from collections.abc import Sequence
from typing import NamedTuple

import duckdb

from gatewatch.call import Tokens
from gatewatch.ledger.facts import TIMED
from gatewatch.money import PICOS_PER_USD

TOKEN_CLASSES = Tokens.__struct_fields__

LATENCY_US = tuple(10_000 * 2**n for n in range(14))
"""Upper bounds of the bins, as the OpenTelemetry conventions for generative AI have them; so for the next two."""
TTFT_US = (
    *(1_000, 5_000, 10_000, 20_000, 40_000, 60_000, 80_000, 100_000, 250_000, 500_000, 750_000),
    *(1_000_000, 2_500_000, 5_000_000, 7_500_000, 10_000_000),
)
TOKENS = tuple(4**n for n in range(14))
OVERHEAD_US = (100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000)


class Bins(NamedTuple):
    """A distribution."""

    counts: tuple[int, ...]
    """For each bound how many are at most that and more than the one before; then those beyond the last."""
    total: int
    """Of the values themselves."""


class CallCount(NamedTuple):
    """Calls, those among them that were refused before authentication and only counted."""

    endpoint: str | None
    route: str | None
    provider: str | None
    model: str | None
    team: str | None
    status: str
    error_kind: str | None
    cache: str | None
    calls: int


class Usage(NamedTuple):
    """What calls used and cost."""

    team: str | None
    route: str | None
    provider: str | None
    model: str | None
    cost_basis: str
    calls: int
    cost_picos: int
    tokens: tuple[int, ...]
    """By `TOKEN_CLASSES`."""


class Times(NamedTuple):
    """How long calls took, and their sizes, of those whose times count in reports."""

    endpoint: str | None
    provider: str | None
    model: str | None
    error_kind: str | None
    latency: Bins | None
    ttft: Bins | None
    overhead: Bins | None
    input_tokens: Bins | None
    output_tokens: Bins | None


class TryCount(NamedTuple):
    """Tries at providers."""

    provider: str
    model: str
    status: str
    error_kind: str | None
    tries: int


class AgainCount(NamedTuple):
    """Tries behind one that failed: at the same target, or at another."""

    provider: str
    """Where the one before had failed."""
    model: str
    is_elsewhere: bool
    tries: int


class RefusalCount(NamedTuple):
    """Calls that a limit or a budget was in the way of."""

    rule: str
    team: str | None
    calls: int


class BatchCounts(NamedTuple):
    """Of one batch."""

    calls: list[CallCount]
    usage: list[Usage]
    times: list[Times]
    tries: list[TryCount]
    again: list[AgainCount]
    refusals: list[RefusalCount]


_MEASURED = (
    ("latency_us", LATENCY_US),
    ("ttft_us", TTFT_US),
    ("overhead_us", OVERHEAD_US),
    ("nullif(input_tokens, 0)", TOKENS),
    ("nullif(output_tokens, 0)", TOKENS),
)


def batch_counts(connection: duckdb.DuckDBPyConnection) -> BatchCounts:
    """Of the batch that `Loader` has staged last. Raises duckdb.Error."""

    def rows(query: str) -> list[tuple[object, ...]]:
        return connection.execute(query).fetchall()

    calls = rows(
        "SELECT endpoint, route, provider, model, team, status, error_kind, cache, sum(weight)::BIGINT"
        " FROM batch GROUP BY ALL"
    )
    tokens = ", ".join(f"sum({name}_tokens)::BIGINT" for name in TOKEN_CLASSES)
    usage = rows(
        "SELECT team, route, provider, model, cost_basis, count(*),"
        f" (coalesce(sum(cost), 0)::DECIMAL(38, 12) * {PICOS_PER_USD})::HUGEINT, {tokens}"
        " FROM batch WHERE is_call GROUP BY ALL"
    )
    bins = ", ".join(
        f"histogram(({column})::BIGINT, {list(bounds)}::BIGINT[]), sum({column})::BIGINT"
        for column, bounds in _MEASURED
    )
    times = rows(
        f"SELECT endpoint, provider, model, error_kind, {bins} FROM batch WHERE is_call AND {TIMED}"
        " AND status <> 'cached' AND deferred IS NULL GROUP BY ALL"
    )
    tries = rows("SELECT provider, model, status, error_kind, count(*) FROM batch_attempt GROUP BY ALL")
    again = rows(
        "SELECT b.provider, b.model, (b.provider, b.model) <> (a.provider, a.model), count(*)"
        " FROM batch_attempt b JOIN batch_attempt a ON a.call_id = b.call_id AND a.n = b.n + 1"
        " WHERE a.n > 1 AND b.status = 'error' AND b.error_kind IS DISTINCT FROM 'hedged' GROUP BY ALL"
    )
    refusals = rows(
        "SELECT blocked_by, team, count(*) FROM batch WHERE is_call AND blocked_by IS NOT NULL GROUP BY ALL"
    )
    return BatchCounts(
        [CallCount(*row) for row in calls],  # type: ignore[arg-type]
        [Usage(*row[:7], tokens=row[7:]) for row in usage],  # type: ignore[arg-type,misc]
        [Times(*row[:4], *_bins(row[4:])) for row in times],  # type: ignore[arg-type]
        [TryCount(*row) for row in tries],  # type: ignore[arg-type]
        [AgainCount(*row) for row in again],  # type: ignore[arg-type]
        [RefusalCount(*row) for row in refusals],  # type: ignore[arg-type]
    )


def _bins(pairs: Sequence[object]) -> list[Bins | None]:
    """From pairs of DuckDB's histogram, whose last key is what lies beyond, and the sum; None: there was no value."""
    found: list[Bins | None] = []
    for (_, bounds), counts, total in zip(_MEASURED, pairs[::2], pairs[1::2], strict=True):
        if not isinstance(counts, dict) or not isinstance(total, int):
            found.append(None)
            continue
        inside = tuple(int(counts.get(bound, 0)) for bound in bounds)
        found.append(Bins((*inside, sum(counts.values()) - sum(inside)), total))
    return found
