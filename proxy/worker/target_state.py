"""What one worker knows of each target: how fast it is, what fails there, what runs, which keys are left alone.

Keeps true: bounded, whatever names callers invent; nothing is done for a call that its first try has answered.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from gatewatch.call import Attempt
from proxy.worker.pacing.lane_state import LaneState
from proxy.worker.routing.breakers import BreakerState
from proxy.worker.routing.measured import TargetState as Measured

SHOWN = 64
REMEMBERED = 1024

Place = tuple[str, str]
"""Provider, model."""


class TargetState(msgspec.Struct, kw_only=True):
    """One target, as one worker sees it."""

    target: str
    """`provider/model`."""
    calls: int = 0
    """Of the last minute; so is `failed`."""
    failed: int = 0
    ttft_ms: int | None = None
    """Usual of late, of streams; None: there was none."""
    latency_ms: int | None = None
    """The same of plain calls."""
    in_flight: int = 0
    retries: int = 0
    """Tries again here behind one that failed here, since the worker's start."""
    failovers: int = 0
    """Calls that went from here to another target, since the worker's start."""
    breakers: list[BreakerState] = []
    """Of its keys that have failed of late, those left alone first."""


class TargetTries:
    """Counts what calls did that one try was not enough for."""

    def __init__(self) -> None:
        self._counts: dict[Place, list[int]] = {}

    def take(self, attempts: Sequence[Attempt]) -> None:
        """The tries of one call, in their order."""
        for before, after in pairwise(attempts):
            if before.status != "error" or before.error_kind == "hedged":  # another one was quicker
                continue
            place = before.provider, before.model
            self._of(place)[place != (after.provider, after.model)] += 1

    def of(self, provider: str, model: str) -> tuple[int, int]:
        """Retries and failovers."""
        retries, failovers = self._counts.get((provider, model), (0, 0))
        return retries, failovers

    def places(self) -> Iterable[Place]:
        """Of whom there are any; the latest last."""
        return self._counts

    def _of(self, place: Place) -> list[int]:
        found = self._counts.pop(place, None)
        if found is None:
            found = [0, 0]
            if len(self._counts) >= REMEMBERED:
                del self._counts[next(iter(self._counts))]
        self._counts[place] = found
        return found


def target_states(
    measured: Iterable[Measured], breakers: Iterable[BreakerState], lanes: Iterable[LaneState], tries: TargetTries
) -> list[TargetState]:
    """Those with a breaker that is not closed first, then the busiest; so many at most."""
    found: dict[str, TargetState] = {}

    def of(provider: str, model: str) -> TargetState:
        name = f"{provider}/{model}"
        return found.get(name) or found.setdefault(name, TargetState(target=name))

    for each in measured:
        found[each.target] = TargetState(
            target=each.target,
            calls=each.calls,
            failed=each.failed,
            ttft_ms=each.ttft_ms,
            latency_ms=each.latency_ms,
        )
    for lane in lanes:
        of(lane.provider, lane.model).in_flight += lane.running
    for breaker in breakers:
        of(breaker.provider, breaker.model).breakers.append(breaker)
    for provider, model in list(tries.places())[-SHOWN:]:
        state = of(provider, model)
        state.retries, state.failovers = tries.of(provider, model)
    return sorted(found.values(), key=_urgency, reverse=True)[:SHOWN]


def _urgency(state: TargetState) -> tuple[bool, int, int, int]:
    is_open = any(breaker.state != "closed" for breaker in state.breakers)
    return is_open, state.in_flight, state.calls, state.failovers
