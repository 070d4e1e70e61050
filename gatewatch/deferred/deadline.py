"""Until when a deferred call is to be answered, as its caller says: `4h`, or a time."""

from gatewatch.timespan import parse_duration, parse_instant

HOUR_US = 3_600_000_000
USUAL_US = 24 * HOUR_US
LONGEST_US = 7 * 24 * HOUR_US
SHORTEST_US = 1_000_000
_LATE_US = 15 * 60_000_000


def deadline_of(text: str | None, now_us: int) -> int:
    """Microseconds since the epoch. Raises ValueError, which says what is allowed."""
    if text is None or not text.strip():
        return now_us + USUAL_US
    try:
        deadline = now_us + parse_duration(text)
    except ValueError:
        try:
            deadline = parse_instant(text, now_us)
        except (ValueError, OverflowError):
            raise ValueError("a duration such as 4h, or a time such as 2026-11-21T18:00:00Z") from None
    if not SHORTEST_US <= deadline - now_us <= LONGEST_US:
        raise ValueError("between a second and 7 days from now")
    return deadline


def late_from(accepted_us: int, deadline_us: int) -> int:
    """From when on a call cannot wait for a cheaper way any more: a tenth of its time before the deadline, a quarter of
    an hour at most."""
    return deadline_us - min((deadline_us - accepted_us) // 10, _LATE_US)
