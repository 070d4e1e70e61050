"""What becomes of a deferred call that did not go well: it is over, or it tries again, for it has time.

Keeps true: what will never go well is not tried again; nothing is tried again behind the deadline.
"""

import random
from collections.abc import Mapping

from gatewatch.call import Call
from gatewatch.deferred.deadline import late_from
from gatewatch.deferred.entry import Entry
from proxy.retry_after import retry_after_seconds

FIRST_SECONDS = 2.0
LONGEST_SECONDS = 600.0
LATE_SECONDS = 5.0
MOST_TRIES = 50
PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Statuses that may be others another time."""
_FINAL = frozenset({"budget_exceeded", "model_without_price", "internal_error"})
"""Codes that are so until somebody does something."""


def again_at(entry: Entry, call: Call, status: int, headers: Mapping[bytes, bytes], now_us: int) -> int | None:
    """When it tries again (µs); None: it is over. `headers`: of its reply."""
    if status not in PASSING or call.error_kind in _FINAL or entry.tries >= MOST_TRIES:
        return None
    if call.error_kind == "gateway_stopping":
        return now_us
    late = late_from(entry.accepted_at, entry.deadline)
    is_late = now_us >= late
    usual = LATE_SECONDS if is_late else min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(entry.tries, 10))
    wait = max(retry_after_seconds(headers, now_us / 1e6) or 0.0, random.uniform(usual / 2, usual))  # noqa: S311
    at = now_us + int(wait * 1e6)
    if not is_late:
        return min(at, late)
    return at if at < entry.deadline else None
