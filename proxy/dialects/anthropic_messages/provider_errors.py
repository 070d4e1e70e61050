"""Anthropic's errors: replies with an error status, error objects under status 200, error events of a stream.

The words of a message are looked at only where Anthropic has no type or code for the matter.
"""

import re
from typing import Any

import msgspec

from proxy.dialects.key_words import OfKey, about_key
from proxy.dialects.provider_error import ProviderError

STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""Type → the status that it is sent with (docs.claude.com/en/api/errors)."""

_TOO_LONG_WORDS = ("prompt is too long", "exceed context limit", "exceeds the context window")
_PARAM = re.compile(r"([a-z_]+(?:\.[A-Za-z0-9_]+)*): ")
"""How a message about a field begins: `messages.0.content: …`."""


class _Error(msgspec.Struct):
    type: Any = None
    message: Any = None
    details: Any = None


class _Body(msgspec.Struct):
    error: _Error


_decode = msgspec.json.Decoder(_Body).decode


def read_error(status: int, body: bytes) -> ProviderError:
    """An error reply, whatever its body is; never raises. With a status 2xx: the one its own words stand for."""
    sent = None if 200 <= status < 300 else status
    try:
        error = _decode(body).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        of_key = about_key("anthropic", sent, (), "")
        message = f"The provider answered with status {status} and no error object."
        return ProviderError(message, status=sent, code=_code(None, "", of_key), of_key=of_key)
    return _told(error, sent)


def error_in(said: object) -> ProviderError:
    """The `error` of an event, or of a reply with status 200."""
    try:
        error = msgspec.convert(said, _Error)
    except msgspec.ValidationError:
        error = _Error()
    return _told(error, None)


def _told(error: _Error, status: int | None) -> ProviderError:
    kind = error.type if isinstance(error.type, str) else None
    message = error.message if isinstance(error.message, str) and error.message else "The provider gave no reason."
    cause = error.details.get("error_code") if isinstance(error.details, dict) else None
    words = message.lower()
    cause = cause if isinstance(cause, str) else None
    status = STATUSES.get(kind or "") if status is None else status
    of_key = about_key("anthropic", status, {kind, cause}, message)
    named = _PARAM.match(message) if kind == "invalid_request_error" else None
    return ProviderError(
        message,
        status=status,
        type=kind,
        code=cause or _code(kind, words, of_key),
        param=named[1] if named else None,
        of_key=of_key,
    )


def _code(kind: str | None, words: str, of_key: OfKey | None) -> str | None:
    """OpenAI's code for the same."""
    if of_key and of_key.kind == "exhausted":
        return "insufficient_quota"
    if kind == "invalid_request_error" and _any(_TOO_LONG_WORDS, words):
        return "context_length_exceeded"
    if kind == "not_found_error" and words.startswith("model"):
        return "model_not_found"
    return None


def _any(phrases: tuple[str, ...], words: str) -> bool:
    return any(phrase in words for phrase in phrases)
