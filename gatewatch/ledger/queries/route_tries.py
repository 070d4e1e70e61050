"""How tries of one route's calls went, target by target: what a canary is judged by.

Rollups tell where a call was answered. One that failed at a canary is answered elsewhere, and would not be seen there:
so this is asked of the tries.
"""

import msgspec

from gatewatch.errors import UsageError
from gatewatch.ledger.answer import Found
from gatewatch.ledger.asking import Asking
from gatewatch.timespan import Window

HOUR = 3_600_000_000
LONGEST = 24 * HOUR


class Params(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A route, and since when (µs); a day back at most."""

    route: str
    since_us: int


def answer(asking: Asking, params: Params) -> Found:
    """One row per target. Tries that the caller gave up are not counted. No call lasts longer than an hour."""
    if params.since_us >= asking.now_us:
        raise UsageError("Nothing is known of the future.")
    window = Window(max(params.since_us, asking.now_us - LONGEST), asking.now_us)
    own = "" if asking.team is None else " AND team = ?"
    found = asking.rows(
        f"""
        SELECT tried.provider || '/' || tried.model AS target, count(*)::BIGINT,
            count(*) FILTER (tried.status <> 'ok')::BIGINT
        FROM attempts AS tried JOIN (
            SELECT call_id FROM calls WHERE route = ? AND started_at >= make_timestamp(?){own}
        ) USING (call_id)
        WHERE tried.started_at >= make_timestamp(?) AND tried.status <> 'client_closed'
        GROUP BY ALL ORDER BY target""",
        [params.route, window.since_us - HOUR, *([] if asking.team is None else [asking.team]), window.since_us],
    )
    columns = ("target", "tries", "failed")
    return Found([dict(zip(columns, row, strict=True)) for row in found], window, "calls")
