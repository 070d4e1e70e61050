"""What a question is answered from: rollups where they know the answer, the calls themselves where they do not.

Keeps true: both ways give the same columns and the same numbers for a window of whole minutes. A window is always
widened to whole minutes, and the answer says so. Long windows are put together from days, hours and minutes, each
bucket once, so they are exact and cost as many rows as there are buckets.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from gatewatch.filter_columns import COLUMNS
from gatewatch.filters import compile_filter
from gatewatch.ledger.families import UNITS, Family, Unit, quoted
from gatewatch.timespan import Window

Parameter = str | int | Decimal | bool | datetime
Source = Literal["rollups", "calls"]

MINUTE = UNITS["minute"]


def calls_in(database: str) -> str:
    """SQL: calls, and refused calls that were only counted, in the shape of the recorder's `batch`."""
    return (
        f"(SELECT *, 1::BIGINT AS weight, TRUE AS is_call FROM {database}calls UNION ALL BY NAME"
        " SELECT day, started_at, source, error_kind, 'blocked' AS status, count AS weight, FALSE AS is_call"
        f" FROM {database}rejected)"
    )


CALLS = calls_in("")
"""Calls, and refused calls that were only counted, in the shape of the recorder's `batch`."""
FAILED = "status IN ('error', 'truncated', 'interrupted')"
BLOCKED = "status = 'blocked'"
TIMED = "status NOT IN ('blocked', 'interrupted')"
"""Whose times count in percentiles: a refusal takes no upstream's time, and an interrupted call's end is unknown."""
_OF_A_PROVIDER = frozenset({"provider", "model", "provider_key"})


def timed_by(columns: Iterable[str]) -> str:
    """SQL: whose times count in percentiles that are asked for by these columns: a reply out of the cache says nothing
    of the provider that it once came from."""
    return TIMED if _OF_A_PROVIDER.isdisjoint(columns) else f"{TIMED} AND status <> 'cached'"


SENT_ALONE = (
    "coalesce(error_kind, '') NOT LIKE 'batch!_%' ESCAPE '!'"
    " AND call_id NOT IN (SELECT call_id FROM calls WHERE deferred = 'batch')"
)
"""Tries that were no part of a provider's batch, which takes hours."""


@dataclass(frozen=True)
class Where:
    """A compiled filter and the columns of `calls` it looks at."""

    sql: str
    parameters: Sequence[Parameter]
    columns: frozenset[str]

    @classmethod
    def of(cls, text: str | None, now_us: int) -> "Where":
        """Compile a filter. Raises UsageError where it cannot be read."""
        sql, parameters = compile_filter(text or "", now_us)
        return cls(sql, parameters, _names(sql) & _COLUMNS)


def _names(sql: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z][a-z_0-9]*", sql))


_COLUMNS = _names(" ".join(column.sql for column in COLUMNS.values())) | {"tags"}
"""Of `calls`, those that a filter can look at. Its SQL has no other lower-case words but names of functions."""


@dataclass(frozen=True)
class Facts:
    """A relation to ask: `sql` with its `parameters`, and where it comes from."""

    sql: str
    parameters: list[Parameter]
    source: Source


def widened(window: Window, step_us: int = MINUTE) -> Window:
    """The window, widened to whole steps."""
    return Window(window.since_us // step_us * step_us, -(-window.until_us // step_us) * step_us)


def facts(
    family: Family,
    window: Window,
    where: Where,
    dims: Iterable[str] = (),
    *,
    source: Source,
    step_us: int = 0,
) -> Facts:
    """The rows of a family in a window of whole minutes, with a column for each of `dims`.

    With a `step_us` the column `bucket` is the beginning of the step (from the epoch on) that a row lies in.
    """
    names = list(dict.fromkeys(dims))
    if source == "calls":
        calls = (
            f"(SELECT * FROM {CALLS} WHERE started_at >= make_timestamp(?) AND started_at < make_timestamp(?)"
            f" AND ({where.sql}))"
        )
        sql = family.of_calls(calls, _step_of("started_at", step_us), names)
        return Facts(sql, [window.since_us, window.until_us, *where.parameters], source)
    parts, parameters = [], list[Parameter]()
    measures = [measure.name for measure in family.measures] + [f"{time}_bins" for time in family.histograms]
    columns = ", ".join([*map(quoted, names), *measures])
    for unit, part in pieces(window, step_us):
        bucket = "bucket" if UNITS[unit] == step_us else _step_of("bucket", step_us)
        parts.append(
            f"SELECT {bucket} AS bucket, {columns} FROM {family.table(unit)}"
            f" WHERE bucket >= make_timestamp(?) AND bucket < make_timestamp(?) AND ({where.sql})"
        )
        parameters += [part.since_us, part.until_us, *where.parameters]
    return Facts(" UNION ALL ".join(parts), parameters, source)


def _step_of(column: str, step_us: int) -> str:
    """SQL: the beginning of the step that a time lies in; NULL without steps."""
    return f"make_timestamp(epoch_us({column}) // {step_us} * {step_us})" if step_us else "NULL::TIMESTAMP"


def source_of(columns: Iterable[str], *families: Family) -> Source:
    """Where a question must be answered from that names these columns: the rollups only know their dimensions."""
    asked = set(columns)
    return "rollups" if all(asked <= set(family.dims) for family in families) else "calls"


def pieces(window: Window, step_us: int = 0) -> Iterator[tuple[Unit, Window]]:
    """A window of whole minutes as whole days, hours and minutes; with a step, no bucket lies across two steps."""
    yield from _pieces(window, [unit for unit in ("day", "hour", "minute") if step_us % UNITS[unit] == 0])


def _pieces(window: Window, units: Sequence[Unit]) -> Iterator[tuple[Unit, Window]]:
    unit, *smaller = units
    size = UNITS[unit]
    since, until = -(-window.since_us // size) * size, window.until_us // size * size
    if since >= until:
        yield from _pieces(window, smaller)
        return
    if window.since_us < since:
        yield from _pieces(Window(window.since_us, since), smaller)
    yield unit, Window(since, until)
    if until < window.until_us:
        yield from _pieces(Window(until, window.until_us), smaller)
