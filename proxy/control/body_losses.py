"""Says when bodies that were to be kept are not."""

from proxy.control.alarms import Alarms
from proxy.worker.live import LiveState

ALARM = "bodies_dropped"


class BodyLosses:
    """Of all workers of one gateway."""

    def __init__(self, alarms: Alarms) -> None:
        self._alarms = alarms
        self._known: dict[int, int] = {}
        self._failing: dict[int, str] = {}
        self._lost = 0

    def take(self, state: LiveState) -> None:
        """What a worker reports. The alarm ends when no worker drops any more."""
        new = state.bodies_dropped - self._known.get(state.pid, 0)
        if new > 0:
            self._known[state.pid] = state.bodies_dropped
            self._lost += new
        if state.bodies_error and not state.draining:
            self._failing[state.pid] = state.bodies_error
        else:
            self._failing.pop(state.pid, None)
        self._alarms.set(ALARM, self._told())

    def _told(self) -> str | None:
        if not self._failing:
            return None
        why = next(iter(self._failing.values()))
        return f"Bodies of {self._lost} calls were not kept: {why}. The calls themselves are served and recorded."
