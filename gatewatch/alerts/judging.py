"""When an alert fires and when it is over.

Keeps true: nothing fires on fewer calls than the alert asks for, nor before it has lasted; what fires is over once it
has been good for as long as the alert asks for; where nothing could be measured, nothing changes. What fires is kept by
whoever asks (it outlives this object); only the waiting is kept here.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from gatewatch.alerts.alert import Alert, Reading, id_of


class Change(NamedTuple):
    """What begins to fire (with what was measured), or is over (None: nothing is seen of it any more)."""

    id: str
    fires: bool
    reading: Reading | None


class Judging:
    """Of one gateway's alerts."""

    def __init__(self) -> None:
        self._since: dict[str, int] = {}
        """Id → since when it has been so without a break that its state would change."""

    def judge(self, alert: Alert, readings: Iterable[Reading], firing: Collection[str], now: int) -> list[Change]:
        """What changes. `readings`: one for each subject of which something is seen. `firing`: ids that fire."""
        seen = {id_of(alert.name, reading.subject): reading for reading in readings}
        mine = f"{alert.name}|"
        changes = []
        for id in {**seen, **{id: None for id in firing if id.startswith(mine)}}:
            reading = seen.get(id)
            if id in firing:
                turns = reading is None or alert.is_calm(reading.value)
                needed = alert.clear_for
            else:
                turns = reading is not None and reading.weight >= alert.least and alert.is_over(reading.value)
                needed = alert.lasting
            if self._has_been(id, turns, needed, now):
                changes.append(Change(id, id not in firing, reading))
        for id in [id for id in self._since if id.startswith(mine) and id not in seen and id not in firing]:
            del self._since[id]
        return changes

    @property
    def waiting(self) -> Collection[str]:
        """Ids whose state would change, but not yet."""
        return self._since.keys()

    def forget(self, alert: Alert | None = None) -> None:
        """Of one, or of all, nothing could be measured: whatever was waited for begins anew."""
        mine = f"{alert.name}|" if alert else ""
        self._since = {id: since for id, since in self._since.items() if not id.startswith(mine)}

    def _has_been(self, id: str, turns: bool, needed: int, now: int) -> bool:
        if not turns:
            self._since.pop(id, None)
            return False
        if now - self._since.setdefault(id, now) < needed:
            return False
        del self._since[id]
        return True
