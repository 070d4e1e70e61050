"""How long each class of data is kept. Of whole days, UTC: a day is deleted once its last moment is so long ago.

Imports stay small: the configuration uses it too.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

DAY_US = 86_400_000_000

Class = Literal["calls", "bodies", "minutes", "hours", "days", "journal"]
CLASSES: tuple[Class, ...] = ("bodies", "calls", "minutes", "hours", "days", "journal")
TABLES: Mapping[Class, tuple[tuple[str, str], ...]] = {
    "calls": (("calls", "started_at"), ("attempts", "started_at"), ("rejected", "started_at")),
    "bodies": (("bodies", "day"),),
    "minutes": (("traffic_minute", "bucket"), ("spend_minute", "bucket")),
    "hours": (("traffic_hour", "bucket"), ("spend_hour", "bucket")),
    "days": (
        ("traffic_day", "bucket"), ("spend_day", "bucket"), ("dimension_names", "day"), ("dimension_overflow", "day"),
    ),
    "journal": (),
}  # fmt: skip
"""Of each class the tables, and the column that says when."""


class Keeping(msgspec.Struct, frozen=True, kw_only=True):
    """How long, in microseconds; None: for ever."""

    calls: int | None = None
    """Calls, their attempts, and refusals that were only counted."""
    bodies: int | None = 14 * DAY_US
    minutes: int | None = 100 * DAY_US
    hours: int | None = 800 * DAY_US
    days: int | None = None
    journal: int | None = 400 * DAY_US
    """Packed segments."""

    def of(self, kind: Class) -> int | None:
        """What holds for a class: bodies and the journal are never kept longer than calls."""
        own: int | None = getattr(self, kind)
        if kind in ("bodies", "journal") and self.calls is not None:
            return self.calls if own is None else min(own, self.calls)
        return own

    def before(self, kind: Class, now_us: int) -> int | None:
        """The beginning of the oldest day that is kept of a class; None: all of them are."""
        kept = self.of(kind)
        return None if kept is None else max(0, (now_us - kept) // DAY_US * DAY_US)
