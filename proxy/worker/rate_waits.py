"""Which keys a provider has asked to wait with, for which model: other keys are asked meanwhile.

Keeps true: a key is left out for a minute at most, whatever a provider says.
"""

import time
from collections.abc import Callable

LONGEST_SECONDS = 60.0
REMEMBERED = 1024
"""Callers choose the names of models: beyond this many waits, the oldest are forgotten."""


class RateWaits:
    """Of one provider's keys."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._waits: dict[tuple[str, str], tuple[float, float]] = {}
        """(key, model) → until when it is left out, and until when the provider wants it to wait."""

    def put(self, key_id: str, model: str, seconds: float) -> None:
        """The provider wants to be asked again in so many seconds."""
        now = self._monotonic()
        self._waits.pop((key_id, model), None)
        if len(self._waits) >= REMEMBERED:
            del self._waits[next(iter(self._waits))]
        self._waits[key_id, model] = now + min(seconds, LONGEST_SECONDS), now + seconds

    def end(self, key_id: str, model: str) -> None:
        """It was served."""
        self._waits.pop((key_id, model), None)

    def left(self, key_id: str, model: str) -> float | None:
        """Seconds that the provider still wants it to wait; None where it may be asked."""
        if not self._waits or (found := self._waits.get((key_id, model))) is None:
            return None
        out, until = found
        now = self._monotonic()
        if now < out:
            return until - now
        del self._waits[key_id, model]
        return None
