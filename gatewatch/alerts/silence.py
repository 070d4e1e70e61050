"""Which alerts a silence is about."""

from collections.abc import Iterable

import msgspec

from gatewatch.alerts.pattern import means


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody is told of what matches, until then. Times µs since the epoch, UTC."""

    id: str
    pattern: str
    """An alert's name, or ALERT|SUBJECT; * stands for anything."""
    until: int
    reason: str
    created_at: int
    created_by: str

    def covers(self, id: str) -> bool:
        """Whether what fires as `id` (ALERT|SUBJECT) is meant, whenever."""
        return means(self.pattern, id)


def is_silenced(id: str, silences: Iterable[Silence], now: int) -> bool:
    """Whether nobody is told of it now."""
    return any(now < silence.until and silence.covers(id) for silence in silences)
