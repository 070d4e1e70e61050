"""Errors of Bedrock: `{"message": …}` as replies, and as exceptions in a stream under their names.

The name of an error stands in a header of the reply (`x-amzn-ErrorType`), sometimes in `__type`; the words are what is
always there.
"""

from typing import Any

import msgspec

from proxy.dialects.key_words import about_key
from proxy.dialects.provider_error import ProviderError

_STATUSES = {
    "accessdenied": 403,
    "unrecognizedclient": 403,
    "expiredtoken": 403,
    "invalidsignature": 403,
    "resourcenotfound": 404,
    "validation": 400,
    "throttling": 429,
    "modelnotready": 429,
    "servicequotaexceeded": 429,
    "modeltimeout": 408,
    "modelerror": 424,
    "modelstreamerror": 424,
    "internalserver": 500,
    "internal": 500,
    "serviceunavailable": 503,
}
_TOO_LONG = ("input is too long", "prompt is too long", "too many input tokens", "exceeds the maximum number of tokens")
_NO_MODEL = ("model identifier is invalid", "could not resolve the foundation model", "end of its life")


def read_error(status: int, body: bytes) -> ProviderError:
    """An error reply; never raises."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = body[:2000].decode(errors="replace").strip()
    return _error(str(said.get("__type", "")) if isinstance(said, dict) else "", said, status)


def is_exception(name: str) -> bool:
    """Whether a message of a stream is none of its events. Events have names like `messageStop`."""
    return name.endswith(("Exception", "Error")) or not name[:1].islower()


def exception_of(name: str, said: object) -> ProviderError:
    """An exception of a stream, by its name."""
    return _error(name, said, None)


def _error(name: str, said: object, status: int | None) -> ProviderError:
    bare = name.rpartition("#")[2]
    kind = bare.removesuffix("Exception" if bare.endswith("Exception") else "Error").lower()
    message = _message(said) or name or f"HTTP status {status}"
    text = message.lower()
    if status is None:
        status = _STATUSES.get(kind, 500)
    code = _code(kind, text, status)
    return ProviderError(
        message,
        status=404 if code == "model_not_found" else status,  # it says 400
        code=code,
        of_key=about_key("aws", status, {kind}, message),
    )


def _message(said: object) -> str:
    if not isinstance(said, dict):
        return said if isinstance(said, str) else ""
    found: dict[str, Any] = said
    for name in ("originalMessage", "message", "Message"):
        if isinstance(found.get(name), str) and found[name]:
            return str(found[name])
    return ""


def _code(kind: str, text: str, status: int) -> str | None:
    if any(each in text for each in _TOO_LONG):
        return "context_length_exceeded"
    if status == 404 or any(each in text for each in _NO_MODEL):
        return "model_not_found"
    if status == 429:
        return "rate_limit_exceeded"
    return kind or None
