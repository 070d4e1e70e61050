"""What retention means for a question: sums of long ago are kept by the hour or the day, and calls not at all.

Keeps true: an answer never tells part of a window as if it were all of it. A window whose edge lies where finer sums
were deleted is widened to what is kept, as its answer says; what needs the calls themselves says which are missing.
"""

from collections.abc import Mapping

from gatewatch.errors import UsageError
from gatewatch.ledger.answer import Found
from gatewatch.ledger.families import UNITS
from gatewatch.timespan import Window, duration_text, iso


def kept_window(window: Window, step_us: int | None, since: Mapping[str, int]) -> Window:
    """The window, its edges where sums are kept. `since`: as `whole_since` tells. Raises UsageError for short steps."""
    if not since:
        return window
    first = _unit_at(window.since_us, since)
    if step_us and step_us < first:
        raise UsageError(
            f"Steps of {duration_text(step_us)} are not kept any more of {iso(window.since_us)}",
            f"Ask with --step {duration_text(first)}, or for a later time.",
        )
    last = _unit_at(window.until_us - 1, since)
    return Window(window.since_us // first * first, -(-window.until_us // last) * last)


def missing_calls(found: Found, since: Mapping[str, int]) -> list[str]:
    """What is to be said of an answer from the calls themselves, of a time of which they were deleted."""
    before = since.get("calls", 0)
    if found.source != "calls" or found.window is None or found.window.since_us >= before:
        return []
    return [f"calls before {iso(before)[:10]} were deleted and are not in this answer (ledger.retention.calls)"]


def _unit_at(us: int, since: Mapping[str, int]) -> int:
    """The length of the finest sums that are kept of a time."""
    if us < since.get("hours", 0):
        return UNITS["day"]
    return UNITS["hour"] if us < since.get("minutes", 0) else UNITS["minute"]
