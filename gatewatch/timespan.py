"""Times as people type them and as everything else keeps them: integers of microseconds since the epoch, UTC.

A typed time without an offset is UTC. A window is half-open: it holds `since_us`, but not `until_us`.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_UNITS = {
    "w": 7 * 86_400_000_000,
    "d": 86_400_000_000,
    "h": 3_600_000_000,
    "m": 60_000_000,
    "s": 1_000_000,
    "ms": 1_000,
}
_DURATION = re.compile(r"([0-9]{1,12})(ms|[smhdw])")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d\d)", re.ASCII)
_LONGEST = 100 * 366 * _UNITS["d"]


def parse_duration(text: str) -> int:
    """`500ms 90s 15m 24h 7d 2w` → microseconds. Raises ValueError for anything else, and beyond a hundred years."""
    match = _DURATION.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is not a duration: write a number and a unit, as in 500ms 90s 15m 24h 7d 2w")
    duration = int(match[1]) * _UNITS[match[2]]
    if duration > _LONGEST:
        raise ValueError(f"{text!r} is longer than a hundred years")
    return duration


def duration_text(us: int) -> str:
    """Microseconds → the shortest text that `parse_duration` reads back: 600000000 → "10m".

    Raises ValueError for what is no whole number of milliseconds.
    """
    for unit, size in _UNITS.items():
        if us and us % size == 0:
            return f"{us // size}{unit}"
    if us:
        raise ValueError(f"{us} µs is not a whole number of milliseconds")
    return "0s"


def parse_instant(text: str, now_us: int) -> int:
    """`now`, `15m` (ago), `2026-11-21` or ISO 8601 → microseconds since the epoch. Raises ValueError."""
    text = text.strip()
    if text == "now":
        return now_us
    if _DURATION.fullmatch(text):
        return now_us - parse_duration(text)
    if not _INSTANT.fullmatch(text):
        raise ValueError(f"{text!r} is not a time: write 15m (ago), 2026-11-21, 2026-11-21T10:00:00Z or now")
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a time: {error}") from None
    return _microseconds(instant if instant.tzinfo else instant.replace(tzinfo=UTC))


def parse_age(text: str, now_us: int) -> int:
    """How long ago, in microseconds: `30d`, or a past time such as `2026-11-01`. Raises ValueError for the future."""
    age = now_us - parse_instant(text, now_us)
    if age < 0:
        raise ValueError(f"{text!r} is in the future")
    return age


def iso(us: int) -> str:
    """Microseconds since the epoch → `2026-11-21T10:00:00.123456Z`, always with six digits."""
    return (EPOCH + us * MICROSECOND).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


@dataclass(frozen=True)
class Window:
    """A span of time, `since_us` ≤ t < `until_us`."""

    since_us: int
    until_us: int

    @classmethod
    def parse(cls, since: str | None, until: str | None, now_us: int) -> "Window":
        """What `--since` and `--until` say; left out they are an hour before the end, and now. Raises ValueError."""
        until_us = parse_instant(until, now_us) if until else now_us
        since_us = parse_instant(since, now_us) if since else until_us - _UNITS["h"]
        if since_us >= until_us:
            raise ValueError(f"the window is empty: it would begin at {iso(since_us)} and end at {iso(until_us)}")
        return cls(since_us, until_us)


def month(text: str, zone: str = "UTC") -> Window:
    """The calendar month `2026-10` as it begins and ends in `zone`. Raises ValueError."""
    match = _MONTH.fullmatch(text.strip())
    if not match or not 1 <= int(match[2]) <= 12 or not 1970 <= int(match[1]) <= 9998:
        raise ValueError(f"{text!r} is not a month: write 2026-10")
    try:
        tz = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{zone!r} is not a time zone: write a name such as UTC or Europe/Berlin") from None
    year, number = int(match[1]), int(match[2])
    begin = datetime(year, number, 1, tzinfo=tz)
    end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=tz)
    return Window(_microseconds(begin), _microseconds(end))


def _microseconds(instant: datetime) -> int:
    return (instant - EPOCH) // MICROSECOND
