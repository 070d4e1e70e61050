"""One key of a provider with one model: no more calls at once than its limits bear, none while it asks to wait.

Keeps true: from four fifths of a known limit on, what may run at once is cut by a fifth, and given back below; a 429
cuts it too. Where nobody else is on the lane, a call goes: what is known may be wrong, and the provider is the judge.
"""

import random
import time
from collections.abc import Callable

from gatewatch.call import Call
from proxy.rate_limits import RateLimits
from proxy.worker.pacing.ceiling import NEAR, Ceiling
from proxy.worker.pacing.known_limits import KnownLimits, Moment, Sent
from proxy.worker.pacing.turns import Turn, Turns
from proxy.worker.rate_waits import LONGEST_SECONDS

FAR = 0.5
"""Of a limit: below, it is enough to hear of it now and then."""
UNSAID_SECONDS = 0.5
"""A pause behind a 429 that says nothing of one; it doubles until a call is let through."""
_ENOUGH = 0.02
"""Seconds."""


class Lane(Turns):
    """Keyed by provider, key and model."""

    def __init__(
        self,
        most: int | None = None,
        longest: int = 100,
        outer: Turns | None = None,
        sharers: int = 1,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`outer`: turns of the whole key, where it has such. `sharers`: workers that send with the key."""
        super().__init__(most, longest, monotonic)
        self.outer = outer
        self.known = KnownLimits(sharers)
        self.ceiling = Ceiling()
        self.listens_from = 0.0
        """Calls from before need not be listened to: the lane is far from its limits, and was told so just now."""
        self.shut_until = 0.0
        self._shut_at = 0.0
        self._unsaid = 0
        """How often in a row a 429 did not say how long to wait."""

    def learn(self, said: RateLimits, turn: Turn) -> None:
        """A reply to the call that has this turn says so."""
        now = self._monotonic()
        self.known.learn(said, Moment(now, turn.began, self.sent, turn.sent, self._astray(turn)))
        if self._judge(now) < FAR:
            self.listens_from = now + _ENOUGH

    def told(self, rule: str, limit: int, remaining: int, seconds: float) -> None:
        """A rule of our own has counted so much of so much."""
        now = self._monotonic()
        self.known.told(rule, limit, remaining, seconds, now)
        self._judge(now)

    def limited(self, wait: float | None) -> None:
        """The provider answered with a 429, and wants to be asked again in so many seconds, if it says so."""
        now = self._monotonic()
        self.ceiling.cut(self.running, now)
        if wait is None:
            if now < self.shut_until:
                return  # a call that was under way already
            self._unsaid += 1
            wait = UNSAID_SECONDS * 2.0 ** min(self._unsaid - 1, 10) * random.uniform(1.0, 1.2)  # noqa: S311
        self.shut_until = max(self.shut_until, now + min(wait, LONGEST_SECONDS))
        self._shut_at = now

    def served(self, turn: Turn) -> None:
        """A call was let through: where it was sent after the provider asked to wait, that is over."""
        if turn.began > self._shut_at:
            self.shut_until, self._unsaid = 0.0, 0
            self.look()

    def tick(self) -> None:
        """To be called about once a second."""
        if self.ceiling.most is not None and not self.is_near:
            self.ceiling.recover(self._monotonic())
        if self.line:
            self.look()

    def begin_alone(self, call: Call) -> Turn | None:
        """A turn in spite of what is known, where nobody else is on the lane."""
        return self._given(call, self._monotonic()) if self.is_idle else None

    @property
    def is_near(self) -> bool:
        """Whether four fifths of a limit are used."""
        return bool(self.known) and self.known.share(self._monotonic()) >= NEAR

    @property
    def in_force(self) -> int | None:
        most, cut = self.most, self.ceiling.most
        return cut if most is None else most if cut is None else min(most, cut)

    def shut_for(self) -> float:
        """Seconds until the provider lets more be sent, as far as is known; 0: now."""
        return self.opens_in(self._monotonic()) if self.known or self.shut_until else 0.0

    def opens_in(self, now: float) -> float:
        return max(0.0, self.shut_until - now, self.known.opens_in(now, self.sent))

    def _astray(self, turn: Turn) -> Sent:
        """Calls are sent over many connections: of those of the last moment that still run, any may come in late."""
        requests, input_tokens, output_tokens = (one - other for one, other in zip(turn.sent, turn.lately, strict=True))
        others = min(requests - 1, self.running - 1)
        if others <= 0:
            return 0, 0, 0
        return others, input_tokens * others // requests, output_tokens * others // requests

    def _judge(self, now: float) -> float:
        """The share of the fullest limit; where that is near, a cut."""
        share = self.known.share(now)
        if share >= NEAR:
            self.ceiling.cut(self.running, now)
        return share

    def _may_begin(self, now: float) -> bool:
        if self.most is not None and self.running >= self.most:
            return False
        if self.ceiling.most is not None and self.running >= self.ceiling.most:
            return False
        return not (self.known.allowances or self.shut_until) or self.opens_in(now) <= 0
