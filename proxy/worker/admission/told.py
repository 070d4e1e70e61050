"""What a call is told that meets a limit or a budget, and what every call is told of how much is left.

Keeps true: `Retry-After` names a moment from which on the call does fit, as far as is known now; a budget never asks to
wait, for the clients' own libraries would (openai for a minute at most, anthropic for days).
"""

from collections.abc import Sequence
from functools import lru_cache

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


def refused(rule: Rule, name: str, level: Level, asked: int, now: int) -> Refusal:
    """The error of a call for which that rule has no room."""
    refusal = _over_budget(rule, level, asked, now) if rule.kind == "budget" else _over_limit(rule, level, asked, now)
    refusal.rule, refusal.rule_scope = rule.id, rule.scope
    refusal.reason = (
        f"{rule.id} of {rule.scope} {name}: {level.taken} taken, {asked} asked, {rule.ceiling(now)} at most"
    )
    return refusal


def _over_budget(rule: Rule, level: Level, asked: int, now: int) -> Refusal:
    most = rule.ceiling(now)
    assert rule.window
    rolls = rule.window.period == "rolling"
    frees = level.fits_from if rolls and level.fits_from >= 0 else rule.window.oldest(now)
    resets_at = iso(rule.window.leaves(frees))
    unit = " USD" if rule.measure == "picos" else f" {rule.measure.replace('_', ' ')}"
    amount = usd_text if rule.measure == "picos" else str
    left = max(0, most - level.taken)
    spent = "is spent" if not left or not asked else f"has {amount(left)}{unit} left, less than this call may cost"
    refusal = Refusal(
        429,
        "budget_exceeded",
        f"The budget of {_WHOSE[rule.scope].removesuffix(chr(39) + 's')} {spent}: {amount(most)}{unit} in each"
        f" {rule.window.text}. {'Enough is free again' if rolls else 'It begins anew'} at {resets_at}.",
        type="insufficient_quota",
        headers=DO_NOT_RETRY,
    )
    refusal.details = {
        "scope": rule.scope,
        "spent": amount(level.taken) if rule.measure == "picos" else level.taken,
        "limit": amount(most) if rule.measure == "picos" else most,
        "resets_at": resets_at,
    }
    return refusal


def _over_limit(rule: Rule, level: Level, asked: int, now: int) -> Refusal:
    most, what = rule.ceiling(now), rule.measure.replace("_", " ")
    if rule.window is None:
        message = f"{_WHOSE[rule.scope].capitalize()} limit of {most} calls at a time is reached."
        return _limited(message, _SECOND)
    message = f"{_WHOSE[rule.scope].capitalize()} limit of {most} {what} in {rule.window.text} is reached."
    if level.fits_from < 0:
        message = (
            f"This call may need {asked} {what}, and {_WHOSE[rule.scope]} limit is {most} in {rule.window.text}."
            " It never fits."
        )
        refusal = _limited(message, None)
        refusal.headers = DO_NOT_RETRY
        return refusal
    return _limited(message, max(1, rule.window.leaves(level.fits_from) - now))


def _limited(message: str, wait_us: int | None) -> Refusal:
    headers: tuple[tuple[bytes, bytes], ...] = ()
    if wait_us is not None:
        seconds = -(-wait_us // _SECOND)
        headers = ((b"retry-after", b"%d" % seconds), (b"retry-after-ms", b"%d" % (-(-wait_us // 1000))))
    return Refusal(429, "rate_limit_exceeded", message, type="rate_limit_error", headers=headers)


def rate_limit_headers(met: Sequence[Met], now: int) -> Headers:
    """What the call leaves of the limit on requests, and of the one on tokens, with the smallest share left."""
    headers: Headers = []
    for told_as, (limit, remaining, reset) in enumerate(_NAMES):
        tightest: tuple[float, Concern, int, int] | None = None
        for concern, taken, asked, most in met:
            if concern.told_as == told_as:
                left = max(0, most - taken - asked)
                if tightest is None or left / most < tightest[0]:
                    tightest = left / most, concern, left, most
        if tightest is not None:
            _, concern, left, most = tightest
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
