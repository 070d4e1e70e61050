"""Circuit breakers: a provider's key is left alone with a model for a while, where calls fail by the provider's fault.

What a provider says of a key, a rate or a request is no failure here: quarantine and pacing know those. A failure that
no status came with (no connection, nothing in time) is the provider's with whatever key: that breaker has no key.

Keeps true: an open breaker only moves calls elsewhere, it refuses none; when its pause is over, one call tries, and the
pause doubles with each try that fails.
"""

import time
from collections.abc import Callable
from typing import Literal

import msgspec

from proxy.routing import Breaking

Standing = Literal["closed", "open", "due"]
Place = tuple[str, str, str]
"""Provider, key, model. Key "": whatever the key."""

SPAN_SECONDS = 5.0
"""Calls are counted in two of these."""
LEAST_CALLS = 10
"""Before a share of failures says anything."""
QUIET_SECONDS = 300.0
"""A call may try for so long, and none has come: nobody need be told of it any more."""
REMEMBERED = 1024
"""Callers choose the names of models: beyond this many places with failures, those that are closed are forgotten."""


class BreakerState(msgspec.Struct, frozen=True, kw_only=True):
    """One that has seen failures, for screens."""

    provider: str
    key: str
    """Empty: whatever the key."""
    model: str
    state: Literal["closed", "open", "half_open"]
    failures: int
    """In a row."""
    opens: int
    """How often it opened without a good call between."""
    again_in: float
    """Seconds until a call tries; 0 where it is closed, or one may."""


class _Breaker:
    __slots__ = ("calls", "calls_before", "failed", "failed_before", "opens", "row", "since", "trying", "until")

    def __init__(self, now: float) -> None:
        self.row = 0
        """Failures without a good call between."""
        self.opens = 0
        self.until = 0.0
        """Open until then; 0: closed."""
        self.trying = False
        self.since = now
        self.calls = self.failed = self.calls_before = self.failed_before = 0

    def turn(self, now: float) -> None:
        """Forget what is longer ago."""
        spans = (now - self.since) // SPAN_SECONDS
        if spans < 1:
            return
        self.calls_before, self.failed_before = (self.calls, self.failed) if spans < 2 else (0, 0)
        self.calls = self.failed = 0
        self.since = now


class Breakers:
    """Of one worker."""

    def __init__(self, breaking: Breaking, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.breaking = breaking
        self._monotonic = monotonic
        self._known: dict[Place, _Breaker] = {}
        """Those with failures of late. Empty as long as all is well."""
        self._open: dict[Place, _Breaker] = {}

    @property
    def any_open(self) -> bool:
        return bool(self._open)

    def standing(self, provider: str, key: str, model: str) -> Standing:
        """Whether a call may go there: freely, rather not, or as the one that tries."""
        if not self._open:
            return "closed"
        both = self._open.get((provider, key, model)), self._open.get((provider, "", model))
        found = [each for each in both if each]
        if not found:
            return "closed"
        now = self._monotonic()
        return "due" if all(now >= each.until and not each.trying for each in found) else "open"

    def begin(self, provider: str, key: str, model: str) -> bool:
        """A call goes there. Whether it is the one that tries, where a breaker was open long enough."""
        if not self._open or self.standing(provider, key, model) != "due":
            return False
        for place in ((provider, key, model), (provider, "", model)):
            if found := self._open.get(place):
                found.trying = True
        return True

    def went_well(self, provider: str, key: str, model: str) -> None:
        """There is a good reply."""
        if not self._known:
            return
        for place in ((provider, key, model), (provider, "", model)):
            if found := self._known.get(place):
                now = self._monotonic()
                found.turn(now)
                found.calls += 1
                found.row = 0
                if self._open.pop(place, None) or not (found.failed or found.failed_before):
                    del self._known[place]

    def undecided(self, provider: str, key: str, model: str) -> None:
        """The call ended for reasons that tell nothing of the provider: the next one may try."""
        if self._open:
            for place in ((provider, key, model), (provider, "", model)):
                if found := self._open.get(place):
                    found.trying = False

    def failed(self, provider: str, key: str, model: str, *, answered: bool) -> bool:
        """The provider failed; `answered`: with a status. Whether its breaker has opened now."""
        now = self._monotonic()
        place, other = (provider, key if answered else "", model), (provider, "" if answered else key, model)
        if (also := self._open.get(other)) and also.trying:
            also.trying = False
            also.until = now + self.breaking.pause
        found = self._known.get(place)
        if found is None:
            self._make_room()
            found = self._known[place] = _Breaker(now)
        found.turn(now)
        found.row += 1
        found.calls += 1
        found.failed += 1
        if found.until and now < found.until and not found.trying:
            return False  # a call that was under way already
        calls, failures = found.calls + found.calls_before, found.failed + found.failed_before
        is_too_many = calls >= LEAST_CALLS and failures >= self.breaking.share * calls
        if not (found.trying or found.until or found.row >= self.breaking.failures or is_too_many):
            return False
        found.trying = False
        found.opens += 1
        found.until = now + min(self.breaking.longest, self.breaking.pause * 2.0 ** min(found.opens - 1, 16))
        self._open[place] = found
        return True

    def states(self) -> list[BreakerState]:
        """Of those with failures of late, the open ones first; without those that no call has tried since long."""
        now = self._monotonic()
        told = [
            BreakerState(
                provider=provider,
                key=key,
                model=model,
                state=("half_open" if found.trying or now >= found.until else "open") if found.until else "closed",
                failures=found.row,
                opens=found.opens,
                again_in=round(max(0.0, found.until - now), 3),
            )
            for (provider, key, model), found in self._known.items()
            if not found.until or found.trying or now < found.until + QUIET_SECONDS
        ]
        return sorted(told, key=lambda each: (each.state == "closed", -each.opens, -each.failures))

    def _make_room(self) -> None:
        if len(self._known) >= REMEMBERED:
            self._known = dict(self._open)
            if len(self._known) >= REMEMBERED:
                self._known.clear()
                self._open.clear()
