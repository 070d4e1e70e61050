"""What a call is told that meets a limit or a budget, and what every call is told of how much is left.

Keeps true: `Retry-After` names a moment from which on the call does fit, as far as is known now; a budget never asks to
wait, for the clients' own libraries would (openai for a minute at most, anthropic for days).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from gatewatch.limits.concerned import Concern
from gatewatch.limits.counters import Level
from gatewatch.limits.rule import Rule
from gatewatch.money import usd_text
from gatewatch.timespan import iso
from proxy.http_server.request import Headers
from proxy.refusal import DO_NOT_RETRY, Refusal

_SECOND = 1_000_000
_WHOSE = {
    "gateway": "the gateway's", "environment": "this environment's", "team": "this team's", "project": "this project's",
    "user": "this user's", "key": "this key's", "route": "this route's", "model": "this model's",
    "provider_key": "the provider key's",
}  # fmt: skip
_NAMES = tuple(
    tuple(b"x-ratelimit-%s-%s" % (field, kind) for field in (b"limit", b"remaining", b"reset"))
    for kind in (b"requests", b"tokens")
)
Met = tuple[Concern, int, int, int]
"""A limit with a window, what it had before the call, what the call took of it, and its ceiling."""


def refused(asked: Sequence[tuple[Concern, int]], levels: Sequence[Level], now: int) -> Refusal:
    """The error of a call for which not all of these have room: of those in the way, the one that it has to wait for.

    A budget that is spent comes first, then what never fits, then what is free again last.
    """
    in_the_way = [
        _InTheWay(concern.rule, concern.name, level, amount, concern.rule.ceiling(now), now)
        for (concern, amount), level in zip(asked, levels, strict=True)
        if level.taken + amount > (most := concern.rule.ceiling(now)) or level.taken >= most
    ]
    worst = max(in_the_way, key=lambda each: each.rank)
    refusal = worst.over_budget() if worst.rule.kind == "budget" else worst.over_limit()
    refusal.rule, refusal.rule_scope = worst.rule.id, worst.rule.scope
    refusal.reason = (
        f"{worst.rule.id} of {f'{worst.rule.scope} {worst.name}'.rstrip()}: {worst.text(worst.level.taken)} taken,"
        f" {worst.text(worst.asked)} asked, {worst.text(worst.most)} at most"
    )
    return refusal


class _InTheWay(NamedTuple):
    """A rule that has no room for a call."""

    rule: Rule
    name: str
    level: Level
    asked: int
    most: int
    now: int

    @property
    def is_only_held(self) -> bool:
        """Whether there is room once calls in flight have ended that use less than they hold."""
        settled = self.level.taken - self.level.held
        return settled + self.asked <= self.most and settled < self.most

    @property
    def fits_at(self) -> int | None:
        """When there is room, as far as is known now; None: never."""
        if self.rule.window is None or (self.rule.kind == "budget" and self.is_only_held):
            return self.now + _SECOND
        if self.asked > self.most:
            return None
        if self.rule.window.period == "rolling" and self.level.fits_from > 0:
            return self.rule.window.leaves(self.level.fits_from)
        return self.rule.window.leaves(self.rule.window.oldest(self.now))

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """Of several, the one with the highest is told."""
        fits_at = self.fits_at
        is_spent = self.rule.kind == "budget" and not self.is_only_held
        return is_spent, fits_at is None, fits_at or 0

    def text(self, amount: int) -> str:
        """As people read it."""
        if self.rule.measure == "picos":
            return f"{usd_text(amount)} USD"
        return f"{amount} {self.rule.measure.replace('_', ' ')}"

    def over_budget(self) -> Refusal:
        rule, level, most = self.rule, self.level, self.most
        assert rule.window
        left, whose = max(0, most - level.taken), _WHOSE[rule.scope].removesuffix("'s")
        resets_at = iso(rule.window.leaves(rule.window.oldest(self.now)))
        headers: tuple[tuple[bytes, bytes], ...] = DO_NOT_RETRY
        if self.is_only_held:
            spent, then = "is held for calls that run", "Some of it may be free again when they have ended."
            headers = _come_again(_SECOND)
        else:
            is_spent = not left or not self.asked
            spent = "is spent" if is_spent else f"has {self.text(left)} left, less than this call may cost"
            if (fits_at := self.fits_at) is None:
                then = f"This call may cost {self.text(self.asked)}: it never fits."
            elif rule.window.period == "rolling":
                resets_at = iso(fits_at)
                then = f"Enough is free again at {resets_at}."
            else:
                then = f"It begins anew at {resets_at}."
        message = f"The budget of {whose} {spent}: {self.text(most)} in each {rule.window.text}. {then}"
        refusal = Refusal(429, "budget_exceeded", message, type="insufficient_quota", headers=headers)
        is_money = rule.measure == "picos"
        refusal.details = {
            "scope": rule.scope,
            "spent": usd_text(level.taken) if is_money else level.taken,
            "limit": usd_text(most) if is_money else most,
            "resets_at": resets_at,
        }
        return refusal

    def over_limit(self) -> Refusal:
        rule, whose = self.rule, _WHOSE[self.rule.scope].capitalize()
        if rule.window is None:
            message = f"{whose} limit of {self.most} calls at a time is reached."
            return _limited(message, _come_again(_SECOND))
        fits_at = self.fits_at
        if fits_at is None:
            message = (
                f"This call may need {self.text(self.asked)}, and {_WHOSE[rule.scope]} limit is {self.most} in"
                f" {rule.window.text}. It never fits."
            )
            return _limited(message, DO_NOT_RETRY)
        message = f"{whose} limit of {self.text(self.most)} in {rule.window.text} is reached."
        return _limited(message, _come_again(max(1, fits_at - self.now)))


def _limited(message: str, headers: tuple[tuple[bytes, bytes], ...]) -> Refusal:
    return Refusal(429, "rate_limit_exceeded", message, type="rate_limit_error", headers=headers)


def _come_again(wait_us: int) -> tuple[tuple[bytes, bytes], ...]:
    seconds, ms = -(-wait_us // _SECOND), -(-wait_us // 1000)
    return ((b"retry-after", b"%d" % seconds), (b"retry-after-ms", b"%d" % ms))


def rate_limit_headers(met: Sequence[Met], now: int) -> Headers:
    """What the call leaves of the limit on requests, and of the one on tokens, with the smallest share left."""
    tightest: list[tuple[float, int, Concern, int, int] | None] = [None, None]
    for concern, taken, asked, most in met:
        left = max(0, most - taken - asked)
        found = left / most, -concern.leaves, concern, left, most
        known = tightest[concern.told_as]
        if known is None or found[:2] < known[:2]:
            tightest[concern.told_as] = found
    headers: Headers = []
    for (limit, remaining, reset), each in zip(_NAMES, tightest, strict=True):
        if each is not None:
            _, _, concern, left, most = each
            seconds = -((now - concern.leaves) // _SECOND)
            headers += (limit, b"%d" % most), (remaining, b"%d" % left), (reset, go_duration(seconds))
    return headers


@lru_cache(maxsize=4096)
def go_duration(seconds: int) -> bytes:
    """As OpenAI writes it: `6m0s`, `1s`."""
    minutes, seconds = divmod(max(0, seconds), 60)
    hours, minutes = divmod(minutes, 60)
    text = (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes or hours else "") + f"{seconds}s"
    return text.encode()
