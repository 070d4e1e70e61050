"""How much a provider lets us ask, as the headers of its reply say (names and forms per provider: OpenAI and Groq
`x-ratelimit-*` with Go durations, Anthropic with RFC 3339, Azure with seconds, Mistral per minute and without a reset).

Keeps true: a number that is no count (-1, text) is none, a reset is between now and one day, nothing raises.
"""

from collections.abc import Mapping

import msgspec

from proxy.retry_after import LONGEST_SECONDS, wait_seconds


class Limit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One allowance. None: not said."""

    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None
    """Seconds until it is whole again."""


class RateLimits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a reply says of them; None: nothing."""

    requests: Limit | None = None
    tokens: Limit | None = None
    """Input and output together."""
    input_tokens: Limit | None = None
    output_tokens: Limit | None = None
    project_tokens: Limit | None = None
    """As `tokens`, of the project that the key belongs to."""


_MINUTE = 60.0
_Names = tuple[bytes, bytes, bytes, float | None]
"""Headers of limit, remaining and reset, and the reset where the window is part of the name."""


def _openai(kind: bytes) -> _Names:
    return (b"x-ratelimit-limit-" + kind, b"x-ratelimit-remaining-" + kind, b"x-ratelimit-reset-" + kind, None)


def _anthropic(kind: bytes) -> _Names:
    head = b"anthropic-ratelimit-" + kind
    return (head + b"-limit", head + b"-remaining", head + b"-reset", None)


def _mistral(kind: bytes) -> _Names:
    return (*_openai(kind + b"-minute")[:3], _MINUTE)


_HEADERS: dict[str, tuple[_Names, ...]] = {
    "requests": (_openai(b"requests"), _anthropic(b"requests"), _mistral(b"req")),
    "tokens": (
        _openai(b"tokens"),
        _anthropic(b"tokens"),
        _mistral(b"tokens"),
        (b"ratelimitbysize-limit", b"ratelimitbysize-remaining", b"ratelimitbysize-reset", None),
    ),
    "input_tokens": (_anthropic(b"input-tokens"),),
    "output_tokens": (_anthropic(b"output-tokens"),),
    "project_tokens": (_openai(b"project-tokens"),),
}


_KINDS: dict[bytes, str] = {
    name: kind for kind, families in _HEADERS.items() for names in families for name in names[:3] if name
}  # fmt: skip
LIMIT_NAMES = frozenset(_KINDS)
"""Headers that say something of them."""


def rate_limits(headers: Mapping[bytes, bytes], now: float) -> RateLimits | None:
    """What the headers (names in lower case) say at `now` (Unix time); None where they say nothing."""
    kinds = dict.fromkeys([_KINDS[name] for name in headers if name in LIMIT_NAMES])
    found = {kind: limit for kind in kinds if (limit := _first(headers, _HEADERS[kind], now))}
    return RateLimits(**found) if found else None


def wait_for(limits: RateLimits) -> float | None:
    """Seconds until what is used up is whole again; where nothing is said to be used up, the longest reset."""
    said = [getattr(limits, kind) for kind in RateLimits.__struct_fields__]
    known = [limit for limit in said if limit and limit.reset is not None]
    spent = [limit.reset for limit in known if limit.remaining == 0]
    return max(spent or [limit.reset for limit in known], default=None)


def _first(headers: Mapping[bytes, bytes], families: tuple[_Names, ...], now: float) -> Limit | None:
    for limit_name, remaining_name, reset_name, window in families:
        limit, remaining = _count(headers.get(limit_name)), _count(headers.get(remaining_name))
        reset = wait_seconds(headers.get(reset_name), now)
        if limit is None and remaining is None and reset is None:
            continue
        if reset is None:
            reset = window
        return Limit(
            limit=limit,
            remaining=remaining,
            reset=None if reset is None else min(max(reset, 0.0), LONGEST_SECONDS),
        )
    return None


def _count(value: bytes | None) -> int | None:
    if value is None or len(value) > 32:
        return None
    if value.isdigit():
        return int(value) if len(value) <= 15 else None
    try:
        number = float(value)
    except ValueError:
        return None
    return int(number) if 0 <= number < 1e15 else None
