"""How each target does at this moment, over all workers, for every screen."""

from collections.abc import Iterable, Sequence

import msgspec

from proxy.control.level_looking import LevelState
from proxy.worker.live import LiveState
from proxy.worker.routing.breakers import BreakerState
from proxy.worker.target_state import TargetState


class BreakerNow(msgspec.Struct, kw_only=True):
    """Of one key with one target, in the workers that have seen failures there."""

    key: str
    """Empty: whatever the key."""
    state: str
    """The worst of them: `open`, `half_open`, `closed`."""
    workers: int = 0
    """In so many it is not closed."""
    failures: int = 0
    """In a row, at most."""
    again_in: float = 0.0
    """Seconds until the last of them lets a call try."""


class TargetNow(msgspec.Struct, kw_only=True):
    """One target."""

    target: str
    calls: int = 0
    """Of the last minute; so is `failed`."""
    failed: int = 0
    ttft_ms: int | None = None
    latency_ms: int | None = None
    in_flight: int = 0
    retries: int = 0
    """Since the workers began; so are `failovers`."""
    failovers: int = 0
    breakers: list[BreakerNow] = []
    shifted: list[str] = []
    """Routes on which it comes last, because it does not keep to their level."""

    @property
    def is_left_alone(self) -> bool:
        """Whether a breaker of it is not closed."""
        return any(each.workers for each in self.breakers)


def targets_now(workers: Iterable[LiveState], levels: Sequence[LevelState]) -> list[TargetNow]:
    """Those that are left alone or come last first, then the busiest."""
    found: dict[str, TargetNow] = {}
    for worker in workers:
        for state in worker.target_states:
            _add(found.setdefault(state.target, TargetNow(target=state.target)), state)
    for level in levels:
        if level.shifted:
            found.setdefault(level.target, TargetNow(target=level.target)).shifted.append(level.route)
    return sorted(found.values(), key=_urgency, reverse=True)


def _add(to: TargetNow, state: TargetState) -> None:
    to.ttft_ms = _mean(to.ttft_ms, to.calls, state.ttft_ms, state.calls)
    to.latency_ms = _mean(to.latency_ms, to.calls, state.latency_ms, state.calls)
    to.calls += state.calls
    to.failed += state.failed
    to.in_flight += state.in_flight
    to.retries += state.retries
    to.failovers += state.failovers
    for breaker in state.breakers:
        _add_breaker(to, breaker)


def _add_breaker(to: TargetNow, breaker: BreakerState) -> None:
    known = next((each for each in to.breakers if each.key == breaker.key), None)
    if known is None:
        known = BreakerNow(key=breaker.key, state=breaker.state)
        to.breakers.append(known)
    known.state = max(known.state, breaker.state, key=_STATES.index)
    known.workers += breaker.state != "closed"
    known.failures = max(known.failures, breaker.failures)
    known.again_in = max(known.again_in, breaker.again_in)


def _mean(one: int | None, calls: int, other: int | None, more: int) -> int | None:
    """Weighted by calls; of what is known."""
    if one is None or other is None:
        return other if one is None else one
    return round((one * max(1, calls) + other * max(1, more)) / (max(1, calls) + max(1, more)))


def _urgency(target: TargetNow) -> tuple[bool, bool, int, int]:
    return target.is_left_alone, bool(target.shifted), target.in_flight, target.calls


_STATES = ("closed", "half_open", "open")
