"""What is wrong now, for every screen: named, dated, gone when it is over."""

import time

import msgspec


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong."""

    id: str
    text: str
    """What happened, and the next step."""
    since: int
    """µs since the epoch."""


class Alarms:
    """The set of alarms that stand."""

    def __init__(self) -> None:
        self._standing: dict[str, Alarm] = {}

    def set(self, id: str, text: str | None) -> None:
        """Raise, reword or (with None) end one."""
        if text is None:
            self._standing.pop(id, None)
        elif id in self._standing:
            self._standing[id] = Alarm(id=id, text=text, since=self._standing[id].since)
        else:
            self._standing[id] = Alarm(id=id, text=text, since=time.time_ns() // 1000)

    def standing(self) -> list[Alarm]:
        return sorted(self._standing.values(), key=lambda alarm: alarm.since)
