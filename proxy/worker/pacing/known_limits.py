"""What is known of how much a provider lets one key ask of one model, as its own replies say.

Keeps true: what was said is worth less and less until the window that it was said of has passed, and nothing then;
calls that were sent behind the one whose reply said it are taken off; an older call's reply never replaces what a
newer one's has said.
"""

from typing import NamedTuple

from proxy.rate_limits import Limit, RateLimits
from proxy.worker.pacing.lane_state import LaneLimit

MINUTE = 60.0
"""The window where a provider does not say when an allowance is whole again."""
_ROUNDED = 20
"""From a twentieth of the limit on, what is used tells how fast it comes back."""


Sent = tuple[int, int, int]
"""What has been sent so far, of everything that limits count: requests, tokens in, tokens out."""


_HALF = 0.5


class Moment(NamedTuple):
    """When and where a reply's word on limits was heard."""

    now: float
    began: float
    """When the call was sent whose reply it is."""
    sent: Sent
    """What has been sent by now,"""
    then: Sent
    """and what had been with that call."""
    astray: Sent
    """Of that, what may have come to the provider behind the call although it was sent before."""


class _Allowance:
    """One of them, taken for a bucket that refills evenly, as OpenAI's and Anthropic's are; where one refills by steps,
    a 429 says so."""

    __slots__ = ("at", "left", "limit", "newest", "rate", "remaining", "said_at", "sent", "share", "whole_at")

    def __init__(self) -> None:
        self.limit = 0
        self.remaining = 0
        """As it was said, at `said_at`, with the reply to the call `newest`."""
        self.said_at = 0.0
        self.newest = 0
        self.whole_at = 0.0
        self.rate = 0.0
        """What comes back in a second."""
        self.share = 1.0
        """This worker's part of what is left and of what comes back; the others send as well."""
        self.left = 0.0
        """What may still be sent at `at`, when `sent` had been."""
        self.at = 0.0
        self.sent = 0

    def learn(self, kind: str, limit: int, said: Limit, heard: Moment, sharers: int) -> None:
        now, sent, then = heard.now, _of(kind, heard.sent), _of(kind, heard.then)
        remaining = min(said.remaining or 0, limit)
        reset = MINUTE if said.reset is None else said.reset
        used = limit - remaining
        if used * _ROUNDED < limit or reset <= 0:  # both are rounded: of so little nothing follows
            self.rate = self.rate or limit / MINUTE
        else:
            self.rate = used / reset
        self.limit, self.remaining, self.newest, self.said_at, self.whole_at = limit, remaining, then, now, now + reset
        self.share = 1.0 / sharers
        whole = min(float(limit), remaining + self.rate * (now - heard.began))
        self.left = max(0.0, whole * self.share - (sent - then) - _of(kind, heard.astray))
        self.at, self.sent = now, sent

    def level(self, now: float) -> float:
        """What is left as the provider said it, with what has come back since."""
        return min(float(self.limit), self.remaining + self.rate * (now - self.said_at))

    def opens_in(self, now: float, sent: int) -> float:
        """Seconds until one more may be sent; 0: now."""
        rate, most = self.rate * self.share, max(1.0, self.limit * self.share)
        self.left = min(most, self.left + rate * (now - self.at)) - (sent - self.sent)
        self.at, self.sent = now, sent
        return max(0.0, 1.0 - self.left) / rate


class KnownLimits:
    """Of one key with one model."""

    __slots__ = ("_highest", "_told", "allowances", "is_short", "sharers")

    def __init__(self, sharers: int = 1) -> None:
        self.sharers = sharers
        """Workers that send with the key."""
        self.is_short = False
        """Whether, by what was sent since the last word of the provider, less than half of an allowance is left."""
        self.allowances: dict[str, _Allowance] = {}
        """What the provider has said, by kind."""
        self._highest: dict[str, int] = {}
        """The most that was ever left, where the limit itself is not said."""
        self._told: dict[str, tuple[int, int, float]] = {}
        """Rules of our own: the limit, what is left of it, until when that holds."""

    def __bool__(self) -> bool:
        return bool(self.allowances or self._told)

    def learn(self, said: RateLimits, heard: Moment) -> None:
        """A reply says so."""
        self.is_short = False
        for kind in RateLimits.__struct_fields__:
            one: Limit | None = getattr(said, kind)
            if one is None or one.remaining is None:
                continue
            limit = one.limit
            if limit is None:
                limit = self._highest[kind] = max(self._highest.get(kind, 0), one.remaining)
            if limit <= 0:
                continue
            allowance = self.allowances.get(kind)
            if allowance is None:
                allowance = self.allowances[kind] = _Allowance()
            elif _of(kind, heard.then) < allowance.newest and heard.now < allowance.whole_at:
                continue
            allowance.learn(kind, limit, one, heard, self.sharers)

    def told(self, rule: str, limit: int, remaining: int, seconds: float, now: float) -> None:
        """A rule of our own has counted so much; the window is so long."""
        self._told[rule] = limit, max(0, remaining), now + seconds

    def share(self, now: float) -> float:
        """Of the allowance that is used most: 0 to 1."""
        most = 0.0
        for each in self.allowances.values():
            most = max(most, 1.0 - each.level(now) / each.limit)
        for limit, remaining, until in self._told.values():
            if now < until:
                most = max(most, 1.0 - remaining / limit)
        return most

    def opens_in(self, now: float, sent: Sent) -> float:
        """Seconds until the provider lets one more be sent; 0: now."""
        longest = 0.0
        for kind, each in self.allowances.items():
            longest = max(longest, each.opens_in(now, _of(kind, sent)))
            if each.left < each.limit * each.share * _HALF:
                self.is_short = True
        return longest

    def standings(self, now: float) -> list[LaneLimit]:
        """All of it, for people."""
        found = [
            LaneLimit(
                kind=kind,
                limit=each.limit,
                remaining=int(each.level(now)),
                reset=round(max(0.0, each.whole_at - now), 3),
            )
            for kind, each in self.allowances.items()
        ]
        return found + [
            LaneLimit(kind=rule, limit=limit, remaining=remaining, reset=round(until - now, 3))
            for rule, (limit, remaining, until) in self._told.items()
            if now < until
        ]


def _of(kind: str, sent: Sent) -> int:
    requests, input_tokens, output_tokens = sent
    match kind:
        case "requests":
            return requests
        case "input_tokens":
            return input_tokens
        case "output_tokens":
            return output_tokens
        case _:
            return input_tokens + output_tokens
