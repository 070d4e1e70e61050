"""How long a provider asks to wait, in whatever form it says so (forms per provider: OpenAI Go durations, Anthropic
RFC 3339, Azure and others seconds, RFC 9110 HTTP dates).

Keeps true: the answer is between one second and one day, or none; nothing that a provider sends raises.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

LONGEST_SECONDS = 86_400.0
SHORTEST_SECONDS = 1.0

_EPOCH_SECONDS, _EPOCH_MILLISECONDS = 1e9, 1e12
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?\Z")
_RESETS = (b"x-ratelimit-reset-requests", b"x-ratelimit-reset-tokens", b"x-ratelimit-reset")


def retry_after_seconds(headers: Mapping[bytes, bytes], now: float) -> float | None:
    """Seconds to wait from `now` (Unix time); None where nothing sensible is said."""
    if (milliseconds := _number(headers.get(b"retry-after-ms"))) is not None:
        return _clamped(milliseconds / 1000)
    if (said := headers.get(b"retry-after")) is not None:
        return _clamped(wait_seconds(said, now))
    resets = [seconds for name in _RESETS if (seconds := _clamped(wait_seconds(headers.get(name), now))) is not None]
    return max(resets, default=None)


def wait_seconds(value: bytes | None, now: float) -> float | None:
    """Seconds from `now` (Unix time) to what a header says, unbounded; None where it says nothing that is known.

    A number, a Go duration (`6m0s`), RFC 3339, Unix seconds or milliseconds, an HTTP date. Never raises.
    """
    if value is None or len(value) > 64:
        return None
    said, is_instant = _read(value)
    return said - now if is_instant and said is not None else said


@lru_cache(maxsize=1024)
def _read(value: bytes) -> tuple[float | None, bool]:
    """Seconds, or Unix time: then True. Many replies say the same."""
    if (number := _number(value)) is not None:
        if number >= _EPOCH_MILLISECONDS:
            return number / 1000, True
        return number, number >= _EPOCH_SECONDS
    text = value.decode("latin-1").strip()
    if text and (duration := _DURATION.match(text)):
        hours, minutes, seconds, milliseconds = (float(part or 0) for part in duration.groups())
        return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000, False
    return _instant(text), True


def _instant(text: str) -> float | None:
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            at = parse(text)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, OverflowError):
            continue
    return None


def _number(value: bytes | None) -> float | None:
    try:
        number = float(value) if value is not None and len(value) <= 32 else None
    except ValueError:
        return None
    return number if number is not None and number >= 0 else None


def _clamped(seconds: float | None) -> float | None:
    """None for nonsense: nothing said, the past, or beyond a day."""
    if seconds is None or not 0 < seconds <= LONGEST_SECONDS:
        return None
    return max(SHORTEST_SECONDS, seconds)
