"""The spans of time that limits and budgets count in, cut into buckets: integers of microseconds since the epoch, UTC.

Keeps true: a call belongs to the bucket of its own beginning, as its row in the ledger does, whenever it is counted. No
job resets anything: which buckets count follows from the time alone. A rolling window counts a bucket until the last
moment of it has left the window, so it is up to 1/60 longer than it says, and never shorter.
"""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from gatewatch.timespan import EPOCH, MICROSECOND

Period = Literal["rolling", "minute", "hour", "day", "week", "month"]

_SECOND = 1_000_000
_BUCKETS = 60
_LONGEST_CALL = 3600 * _SECOND
_HOUR = 3600 * _SECOND
_LASTS = {"minute": 60 * _SECOND, "hour": _HOUR}
_LONGEST_HOURS = {"minute": 1, "hour": 1, "day": 25, "week": 7 * 24 + 1, "month": 31 * 24 + 1}
"""Of periods of the calendar; in hours, with one for a change of the clock."""


class Window(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Rolling over so many seconds, or a period of the calendar in a time zone."""

    period: Period = "rolling"
    seconds: int = 0
    """Of a rolling window; 0 for calendar periods."""
    zone: str = "UTC"
    """Of a calendar period: where its days begin. Weeks begin on Monday."""

    @property
    def width(self) -> int:
        """Of a rolling window's buckets, in microseconds."""
        return self.seconds * _SECOND // _BUCKETS

    def bucket(self, at: int) -> int:
        """The beginning of the bucket that a call counts in which began at `at`."""
        return at - at % self.width if self.period == "rolling" else calendar(self.period, self.zone, at)[0]

    def oldest(self, now: int) -> int:
        """The first bucket that counts at `now`."""
        if self.period != "rolling":
            return calendar(self.period, self.zone, now)[0]
        begin = now - self.seconds * _SECOND - self.width
        return begin - begin % self.width + self.width

    def span(self, at: int) -> tuple[int, int]:
        """From when until when both are as they are at `at`."""
        if self.period != "rolling":
            return calendar(self.period, self.zone, at)
        bucket, width = self.bucket(at), self.width
        since = self.oldest(at) + self.seconds * _SECOND
        return max(bucket, since), min(bucket, since) + width

    def kept_from(self, now: int) -> int:
        """The first bucket of which anything need be known at `now`: calls that began a while ago still ask."""
        return self.oldest(now - min(_LONGEST_CALL, self.seconds * _SECOND or _LONGEST_CALL))

    def leaves(self, bucket: int) -> int:
        """When a bucket no longer counts."""
        if self.period == "rolling":
            return bucket + self.width + self.seconds * _SECOND
        return calendar(self.period, self.zone, bucket)[1]

    @property
    def longest(self) -> int:
        """How long a bucket counts at most, from its beginning; in microseconds."""
        return self.width + self.seconds * _SECOND if self.period == "rolling" else _LONGEST_HOURS[self.period] * _HOUR

    @property
    def text(self) -> str:
        """As people write it: `month`, `day Europe/Berlin`, `90s`."""
        if self.period == "rolling":
            return _span(self.seconds)
        return self.period if self.zone == "UTC" else f"{self.period} {self.zone}"


def _span(seconds: int) -> str:
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


_known: dict[tuple[str, str], tuple[int, int]] = {}
"""(period, zone) → the span that was asked for last: the calendar is slow, and most calls fall into the same one."""


def calendar(period: str, zone: str, at: int) -> tuple[int, int]:
    """Beginning and end of the period that `at` lies in. Raises ZoneInfoNotFoundError for an unknown zone."""
    known = _known.get((period, zone))
    if known is not None and known[0] <= at < known[1]:
        return known
    span = _by_clock(zone, at, _LASTS[period]) if period in _LASTS else _by_days(period, zone, at)
    _known[period, zone] = span
    return span


def _by_clock(zone: str, at: int, length: int) -> tuple[int, int]:
    """Minutes and hours last as long as they do everywhere. Where clocks change by a part of one, it ends there."""
    offset = _offset(zone, at)
    begin = at - (at + offset) % length
    end = begin + length
    if (_offset(zone, begin) - offset) % length:
        begin = _change(zone, begin, at)
    if (_offset(zone, end - 1) - offset) % length:
        end = _change(zone, at, end - 1)
    return begin, end


def _offset(zone: str, at: int) -> int:
    """Of the place's clocks from UTC."""
    return ((EPOCH + at * MICROSECOND).astimezone(_zone(zone)).utcoffset() or timedelta()) // MICROSECOND


def _change(zone: str, before: int, after: int) -> int:
    """The first instant at which clocks go as they do at `after`."""
    offset = _offset(zone, after)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (before, middle) if _offset(zone, middle) == offset else (middle, after)
    return after


def _by_days(period: str, zone: str, at: int) -> tuple[int, int]:
    """Days and longer begin at midnight of the place."""
    local = (EPOCH + at * MICROSECOND).astimezone(_zone(zone))
    begin = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if period == "month":
        begin = begin.replace(day=1)
        end = begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)
    else:
        days = 7 if period == "week" else 1
        begin -= timedelta(days=begin.weekday() if period == "week" else 0)
        end = begin + timedelta(days=days)
    return _microseconds(begin), _microseconds(end)


def _microseconds(instant: datetime) -> int:
    return (instant - EPOCH) // MICROSECOND
