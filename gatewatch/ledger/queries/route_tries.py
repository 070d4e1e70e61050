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
    """One row per target. Tries that the caller gave up are not counted. No call lasts longer than an hour.

    A call that passed a target over because nothing could be got from it (an open breaker, no key that may be used, no
    room, a request that it cannot be told) counts as one that failed there: else a target that always fails would
    hardly be asked, and look well. Not so a call that must not or cannot go there by what it is itself.
    """
    if params.since_us >= asking.now_us:
        raise UsageError("Nothing is known of the future.")
    window = Window(max(params.since_us, asking.now_us - LONGEST), asking.now_us)
    own = "" if asking.team is None else " AND team = ?"
    found = asking.rows(
        f"""
        WITH own AS (
            SELECT call_id, started_at, passed_over FROM calls
            WHERE route = ? AND started_at >= make_timestamp(?){own}
        )
        SELECT target, count(*)::BIGINT, count(*) FILTER (failed)::BIGINT
        FROM (
            SELECT tried.provider || '/' || tried.model AS target, tried.status <> 'ok' AS failed, call_id
            FROM attempts AS tried JOIN own USING (call_id)
            WHERE tried.started_at >= make_timestamp(?) AND tried.status <> 'client_closed'
            UNION ALL
            SELECT DISTINCT target, TRUE, call_id
            FROM (
                SELECT call_id, unnest(regexp_extract_all(passed_over, '{_NOT_ASKED}', 1)) AS target,
                    unnest(regexp_extract_all(passed_over, '{_NOT_ASKED}', 2)) AS why
                FROM own WHERE passed_over IS NOT NULL AND started_at >= make_timestamp(?)
            ) AS passed
            WHERE why NOT IN {_OF_THE_CALL} AND NOT EXISTS (
                SELECT 1 FROM attempts AS tried JOIN own USING (call_id)
                WHERE call_id = passed.call_id AND tried.provider || '/' || tried.model = passed.target
            )
        ) GROUP BY target ORDER BY target""",
        [
            *(params.route, window.since_us - HOUR, *([] if asking.team is None else [asking.team])),
            *(window.since_us, window.since_us),
        ],
    )
    columns = ("target", "tries", "failed")
    return Found([dict(zip(columns, row, strict=True)) for row in found], window, "calls")


_NOT_ASKED = r'\["([^"]+)","([a-z_]+)"\]'
"""In `passed_over`, which is JSON: `[["openai/gpt-4o","breaker_open"]]`. No target's name holds a quote; what a call
has to keep to, and drains, are told in several words."""
_OF_THE_CALL = ("context_window", "cost_ceiling")
