"""The families of rollups: which dimensions each keeps apart, what it measures, and how measures merge.

Per family there is one table per unit (`traffic_minute`, `traffic_hour`, `traffic_day`). Rows are deltas: what a
bucket holds is the merge of all its rows, so late calls only add a row. The same SQL makes deltas from a batch of
calls and answers a question straight from the calls, so both ways give the same numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gatewatch.call import Tokens
from gatewatch.ledger.percentiles import bin_of

Unit = Literal["minute", "hour", "day"]
UNITS: dict[Unit, int] = {"minute": 60_000_000, "hour": 3_600_000_000, "day": 86_400_000_000}
"""Unit → its length in microseconds."""

TIMES = ("latency", "ttft", "upstream", "overhead")
TOKENS = ("input_tokens", *(f"{name}_tokens" for name in Tokens.__struct_fields__))


@dataclass(frozen=True)
class Measure:
    """A column that is counted: how it comes from calls, and how two rows become one."""

    name: str
    of_calls: str
    merge: str

    @classmethod
    def total(cls, name: str, of_calls: str, kind: str = "BIGINT") -> "Measure":
        return cls(name, f"coalesce(sum({of_calls}), 0)::{kind}", f"sum({name})::{kind}")


@dataclass(frozen=True)
class Family:
    """One family of rollups."""

    name: str
    dims: tuple[str, ...]
    measures: tuple[Measure, ...]
    histograms: tuple[str, ...]
    """Times whose distribution is kept, in a column `<time>_bins`."""
    counts: str
    """SQL condition: which rows of a batch belong in this family."""

    def table(self, unit: Unit) -> str:
        return f"{self.name}_{unit}"

    def of_calls(self, calls: str, bucket: str, dims: Sequence[str]) -> str:
        """SQL: the rows of this family for `calls` (see `batch` in `load.py`), grouped by `bucket` and `dims`."""
        columns = [f"{bucket} AS bucket", *map(quoted, dims)]
        columns += [f"{measure.of_calls} AS {measure.name}" for measure in self.measures]
        columns += [
            f"histogram({bin_of(_measured(time))})::MAP(SMALLINT, BIGINT) AS {time}_bins" for time in self.histograms
        ]
        groups = ", ".join(str(number) for number in range(1, 2 + len(dims)))
        return f"SELECT {', '.join(columns)} FROM {calls} WHERE {self.counts} GROUP BY {groups}"

    def merged(self, rows: str) -> str:
        """SQL: the rows of the relation `rows`, merged to one for each bucket and combination of dimensions."""
        groups = ["bucket", *map(quoted, self.dims)]
        merged = [f"{measure.merge} AS {measure.name}" for measure in self.measures]
        if not self.histograms:
            return f"SELECT {', '.join(groups + merged)} FROM {rows} GROUP BY {', '.join(groups)}"
        # Entries of the histograms come as rows beside the others, so that no join has to match NULL dimensions.
        nothing = [f"NULL AS {measure.name}" for measure in self.measures]
        entries = [
            f"SELECT {', '.join([*groups, *nothing])}, '{time}' AS time, entry.key AS bin,"
            f" sum(entry.value)::BIGINT AS n FROM (SELECT *, unnest(map_entries({time}_bins)) AS entry FROM {rows})"
            f" GROUP BY {', '.join([*groups, 'entry.key'])}"
            for time in self.histograms
        ]
        names = [measure.name for measure in self.measures]
        plain = f"SELECT {', '.join(groups + names)}, NULL AS time, NULL AS bin, NULL AS n FROM {rows}"
        bins = [
            f"map_from_entries(list((bin, n)::STRUCT(k SMALLINT, v BIGINT) ORDER BY bin)"
            f" FILTER (WHERE time = '{time}')) AS {time}_bins"
            for time in self.histograms
        ]
        union = " UNION ALL ".join([plain, *entries])
        return f"SELECT {', '.join(groups + merged + bins)} FROM ({union}) GROUP BY {', '.join(groups)}"


def _measured(time: str) -> str:
    """SQL: a time of a call; a reply out of the cache has waited for no upstream, and nobody has waited for a deferred
    one."""
    if time == "upstream":
        return "CASE WHEN status <> 'cached' AND deferred IS NULL THEN upstream_us END"
    return "CASE WHEN deferred IS NULL THEN latency_us END" if time == "latency" else f"{time}_us"


def quoted(name: str) -> str:
    """A column's name in SQL; `user` is a word of SQL's own."""
    return f'"{name}"'


TRAFFIC = Family(
    name="traffic",
    dims=(
        *("endpoint", "route", "provider", "model", "provider_key", "status", "http_status", "error_kind", "cache"),
        *("dialect", "workload_class", "stream"),
    ),
    measures=(
        Measure.total("calls", "weight"),
        *(Measure.total(f"{time}_us", f"{time}_us") for time in TIMES),
        Measure("avoided", "sum(avoided)::DECIMAL(38, 12)", "sum(avoided)::DECIMAL(38, 12)"),
        Measure("first_at", "min(started_at)", "min(first_at)"),
        Measure("last_at", "max(started_at)", "max(last_at)"),
        Measure("example", "arg_max(call_id, started_at)", "arg_max(example, last_at)"),
    ),
    histograms=TIMES,
    counts="TRUE",
)
SPEND = Family(
    name="spend",
    dims=(
        *("team", "project", "key_id", "key_name", "user", "environment", "feature", "customer", "use_case", "route"),
        *("provider", "model", "cost_basis"),
    ),
    measures=(
        Measure.total("calls", "weight"),
        Measure.total("unpriced_calls", "CASE WHEN cost_basis = 'unpriced' THEN weight END"),
        Measure.total("attempts", "attempts"),
        *(Measure.total(name, name) for name in TOKENS),
        Measure.total("cost", "cost", "DECIMAL(38, 12)"),
        Measure("last_at", "max(started_at)", "max(last_at)"),
    ),
    histograms=(),
    counts="is_call",
)
FAMILIES = (TRAFFIC, SPEND)

CAPPED = tuple(
    sorted({*TRAFFIC.dims, *SPEND.dims} - {"status", "http_status", "cache", "stream", "cost_basis", "dialect"})
)
"""Dimensions whose names come from outside, and so are bounded per day."""
