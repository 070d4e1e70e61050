"""What a named query gives back: rows for scripts and screens, and how fresh they are."""

from typing import Any

import msgspec

from gatewatch.timespan import Window, iso

Row = dict[str, Any]


class Answer(msgspec.Struct, frozen=True):
    """Rows with JSON values: money as decimal text in USD, times ISO 8601 UTC, missing is None."""

    rows: list[Row]
    window: dict[str, str | None]
    """`since` and `until` as they were used, widened to whole minutes; None where a query has no such bound."""
    fresh: dict[str, Any]
    """`loaded_until`: all that was journalled before this time is in the answer (None: not known); `behind_bytes`: how
    much of the journal is not; `alarms`: what an operator should look at."""
    source: str = "rollups"
    """`rollups`, or `calls` where a filter or grouping asked for what the rollups do not keep."""


class Checked(msgspec.Struct, frozen=True):
    """What a check found."""

    ok: bool
    problems: list[str]
    calls: int
    segments: int
    """Segments that were read again."""
    gone: int
    """Segments in the ledger that do not exist any more: their calls could not be compared."""


class Found(msgspec.Struct, frozen=True):
    """What a query found, before it is an answer."""

    rows: list[Row]
    window: Window | None = None
    source: str = "rollups"


def window_texts(window: Window | None) -> dict[str, str | None]:
    """A window for JSON."""
    if window is None:
        return {"since": None, "until": None}
    return {"since": iso(window.since_us), "until": iso(window.until_us)}
