"""What is known of how much a provider lets one key ask of one model, as its own replies say.

Keeps true: what was said is worth less and less until the window that it was said of has passed, and nothing then;
calls that were sent behind the one whose reply said it are taken off; an older call's reply never replaces what a
newer one's has said.
"""

from proxy.rate_limits import Limit, RateLimits
from proxy.worker.pacing.lane_state import LaneLimit

MINUTE = 60.0
"""The window where a provider does not say when an allowance is whole again, and the longest that is believed between
two replies."""
SHORTEST = 1.0


Sent = tuple[int, int, int]
"""What has been sent so far, of everything that limits count: requests, tokens in, tokens out."""


class _Allowance:
    """One of them: refills evenly, as OpenAI's and Anthropic's do; where one refills by steps, a 429 says so."""

    __slots__ = ("at", "kind", "limit", "rate", "remaining", "sent", "whole_at")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.limit = 0
        self.remaining = 0.0
        self.rate = 0.0
        """What comes back in a second."""
        self.at = 0.0
        self.whole_at = 0.0
        self.sent = 0
        """What had been sent when it was said."""

    def learn(self, limit: int, remaining: int, reset: float, sent: int, now: float) -> None:
        self.limit, self.remaining, self.sent, self.at = limit, float(remaining), sent, now
        used = limit - remaining
        self.rate = used / reset if used > 0 and reset > 0 else limit / MINUTE
        self.whole_at = now + reset

    def level(self, now: float) -> float:
        """What the provider lets be asked, but for what was sent since."""
        return min(float(self.limit), self.remaining + self.rate * (now - self.at))

    def opens_in(self, now: float, sent: int, sharers: int) -> float:
        """Seconds until one more may be sent; 0: now."""
        if now >= self.whole_at:
            self.whole_at = now + min(max(self.limit / self.rate, SHORTEST), MINUTE)
            self.remaining, self.sent, self.at = float(self.limit), sent, now
        level = self.level(now)
        missing = 1.0 + (sent - self.sent) - (max(level / sharers, 1.0) if level >= 1.0 else level)
        return min(missing * sharers / self.rate, self.whole_at - now) if missing > 0 else 0.0


class KnownLimits:
    """Of one key with one model."""

    __slots__ = ("_highest", "_told", "allowances")

    def __init__(self) -> None:
        self.allowances: dict[str, _Allowance] = {}
        """What the provider has said, by kind."""
        self._highest: dict[str, int] = {}
        """The most that was ever left, where the limit itself is not said."""
        self._told: dict[str, tuple[int, int, float]] = {}
        """Rules of our own: the limit, what is left of it, until when that holds."""

    def __bool__(self) -> bool:
        return bool(self.allowances or self._told)

    def learn(self, said: RateLimits, sent: Sent, now: float) -> None:
        """A reply says so, to a call with which `sent` was reached."""
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
            reached = _of(kind, sent)
            if allowance is None:
                allowance = self.allowances[kind] = _Allowance(kind)
            elif reached < allowance.sent and now < allowance.whole_at:
                continue
            reset = MINUTE if one.reset is None else one.reset
            allowance.learn(limit, min(one.remaining, limit), reset, reached, now)

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

    def opens_in(self, now: float, sent: Sent, sharers: int) -> float:
        """Seconds until the provider lets one more be sent; 0: now. `sharers`: workers that send beside this one."""
        longest = 0.0
        for kind, each in self.allowances.items():
            longest = max(longest, each.opens_in(now, _of(kind, sent), sharers))
        return longest

    def standings(self, now: float) -> list[LaneLimit]:
        """All of it, for people."""
        found = [
            LaneLimit(
                kind=each.kind,
                limit=each.limit,
                remaining=int(each.level(now)),
                reset=round(max(0.0, each.whole_at - now), 3),
            )
            for each in self.allowances.values()
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
