"""How fast each model of each provider is of late, as this worker's own calls see it.

A gauge holds the usual value and a peak above it. A sample above the usual lifts the peak at once, so that a sudden
slow-down is seen with the first call that meets it; the peak falls by half in ten seconds, so that an outlier is
forgotten within a minute, also where nobody asks. What stays slow moves the usual value.

Streams are compared by their first byte: the rest of a stream comes as fast as its caller reads. Plain calls are
compared by their whole time for each token of the answer, with fifty tokens on top for the time before the first:
so a target that gets the long answers is not taken for a slow one.
"""

import math
import time
from collections.abc import Callable

import msgspec

REMEMBERED = 1024
"""Models that something is known of; callers choose their names."""
SHOWN = 64
HALF_LIFE = 10.0
"""Seconds, of a peak."""
USUAL = 300.0
"""Seconds over which the usual value is taken, or so many calls as FEW, whichever is less."""
FEW = 50
STALE = 20.0
"""Seconds without a sample after which another one is wanted."""
BEFORE_THE_FIRST = 50
"""Tokens whose time passes before the first."""
FAILED_US = 10_000_000
"""What a failed call counts for at least: it was no use, however soon it failed."""
_PER_SECOND = math.log(2) / HALF_LIFE


class TargetState(msgspec.Struct, frozen=True, kw_only=True):
    """One of them, as one worker sees it."""

    target: str
    """`provider/model`."""
    ttft_ms: int | None = None
    """Of streams; None: there was none."""
    latency_ms: int | None = None
    """Of plain calls."""
    calls: int = 0
    failed: int = 0
    """Of the last minute."""


class _Gauge:
    """Of one quantity."""

    __slots__ = ("at", "count", "peak", "usual")

    def __init__(self) -> None:
        self.usual = 0.0
        self.count = 0
        self.peak = 0.0
        """What it was above the usual at `at`."""
        self.at = 0.0

    def take(self, sample: float, now: float) -> None:
        if self.count == 0:
            self.usual = sample
        else:
            share = max(1.0 - math.exp((self.at - now) / USUAL), 1.0 / (self.count + 1))
            self.usual += (sample - self.usual) * share
        self.count = min(self.count + 1, FEW)
        self.lift(sample, now)

    def lift(self, sample: float, now: float) -> None:
        """The peak alone: what failed tells nothing of the usual."""
        self.peak = max(self._left(now), sample - self.usual)
        self.at = now

    def value(self, now: float) -> float:
        return self.usual + self._left(now)

    def _left(self, now: float) -> float:
        return self.peak * math.exp((self.at - now) * _PER_SECOND) if self.peak > 0 else 0.0


class _Measures:
    """Of one target."""

    __slots__ = ("calls", "failed", "first_byte", "latency_us", "minute", "pace", "tried_at")

    def __init__(self) -> None:
        self.first_byte = _Gauge()
        """µs, of streams."""
        self.pace = _Gauge()
        """µs for a token, of plain calls."""
        self.latency_us = 0.0
        """Of plain calls; for people."""
        self.calls = self.failed = 0
        self.minute = 0.0
        """When counting of `calls` and `failed` began."""
        self.tried_at = -math.inf
        """When a call was last sent there to measure it."""

    def count(self, now: float, *, failed: bool) -> None:
        if now - self.minute >= 60.0:
            self.minute, self.calls, self.failed = now, 0, 0
        self.calls += 1
        self.failed += failed


class Measured:
    """Of one worker. All times that are given are microseconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._targets: dict[tuple[str, str], _Measures] = {}

    def answered(self, provider: str, model: str, first_byte_us: int, stream: bool) -> None:
        """The first byte of a good reply has come so long after the request was sent."""
        if stream:
            self._of(provider, model).first_byte.take(float(first_byte_us), self._monotonic())

    def ended(self, provider: str, model: str, latency_us: int, output_tokens: int, stream: bool) -> None:
        """A good reply has come to its end."""
        now, found = self._monotonic(), self._of(provider, model)
        found.count(now, failed=False)
        if not stream:
            found.pace.take(latency_us / (output_tokens + BEFORE_THE_FIRST), now)
            found.latency_us += (latency_us - found.latency_us) / found.pace.count

    def failed(self, provider: str, model: str, after_us: int) -> None:
        """A call has failed there, so long after it was sent."""
        now, found = self._monotonic(), self._of(provider, model)
        found.count(now, failed=True)
        sample = float(max(after_us, FAILED_US))
        found.first_byte.lift(sample, now)
        found.pace.lift(sample / BEFORE_THE_FIRST, now)

    def speed(self, provider: str, model: str, stream: bool) -> float | None:
        """The less, the faster; comparable with others of the same kind of call. None: nothing is known of it."""
        found = self._targets.get((provider, model))
        if found is None:
            return None
        gauge, now = found.first_byte if stream else found.pace, self._monotonic()
        if gauge.count:
            return gauge.value(now)
        return gauge.value(now) if gauge.peak > 0 and now - gauge.at < 6 * HALF_LIFE else None

    def stale_for(self, provider: str, model: str, stream: bool) -> float:
        """Seconds since it was last measured, or was to be."""
        found = self._targets.get((provider, model))
        if found is None:
            return math.inf
        gauge, now = found.first_byte if stream else found.pace, self._monotonic()
        return now - max(gauge.at if gauge.count or gauge.peak else -math.inf, found.tried_at)

    def trying(self, provider: str, model: str) -> Callable[[], None]:
        """A call is sent there to measure it: until it has ended, or has had its time, no other is; or until it says,
        by what is returned here, that it was not sent."""
        found = self._of(provider, model)
        before, found.tried_at = found.tried_at, self._monotonic()

        def give_back() -> None:
            found.tried_at = before

        return give_back

    def states(self) -> list[TargetState]:
        """For people: those that were asked last first."""
        now = self._monotonic()
        told = list(self._targets.items())[: -SHOWN - 1 : -1]
        return [
            TargetState(
                target=f"{provider}/{model}",
                ttft_ms=round(each.first_byte.value(now) / 1000) if each.first_byte.count else None,
                latency_ms=round(each.latency_us / 1000) if each.pace.count else None,
                calls=each.calls if now - each.minute < 60.0 else 0,
                failed=each.failed if now - each.minute < 60.0 else 0,
            )
            for (provider, model), each in told
        ]

    def _of(self, provider: str, model: str) -> _Measures:
        """The one that was used last stands last."""
        place = provider, model
        found = self._targets.pop(place, None)
        if found is None:
            found = _Measures()
            if len(self._targets) >= REMEMBERED:
                del self._targets[next(iter(self._targets))]
        self._targets[place] = found
        return found
