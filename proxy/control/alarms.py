"""What is wrong now, for every screen: named, dated, gone when it is over."""

import time
from collections.abc import Iterable

import msgspec

from gatewatch.alerts.alert import Severity


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong."""

    id: str
    text: str
    """What happened, and the next step."""
    since: int
    """µs since the epoch."""
    severity: Severity = "warning"


class Alarms:
    """The set of alarms that stand."""

    def __init__(self) -> None:
        self._standing: dict[str, Alarm] = {}

    def set(self, id: str, text: str | None, severity: Severity = "warning") -> None:
        """Raise, reword or (with None) end one."""
        if text is None:
            self._standing.pop(id, None)
        else:
            before = self._standing.get(id)
            since = before.since if before else time.time_ns() // 1000
            self._standing[id] = Alarm(id=id, text=text, since=since, severity=severity)

    def standing(self) -> list[Alarm]:
        return most_urgent_first(self._standing.values())


def most_urgent_first(alarms: Iterable[Alarm]) -> list[Alarm]:
    """The most severe, and of those the newest."""
    return sorted(alarms, key=lambda alarm: (_SEVERITIES.index(alarm.severity), -alarm.since))


_SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")
