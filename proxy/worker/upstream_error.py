"""What an upstream's failure means to the client.

The request's own faults (400, 404, 413, 422 and the like) pass through in the caller's dialect. A provider's refusal
of our key is never the client's 401. HTML and redirects never reach a client.
"""

import math
import re
import time

import msgspec

from gatewatch.redact import redact
from proxy.refusal import DO_NOT_RETRY, Refusal, upstream
from proxy.retry_after import retry_after_seconds
from proxy.upstream.failure import UpstreamFailed

_PASSED = frozenset({400, 404, 405, 406, 409, 410, 413, 415, 422, 451})
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""Codes become `error_kind`, by which rows are grouped: no text, no noise."""
_LONGEST_READ = 4096
_STATUS = re.compile(r"[45][0-9][0-9]")
_STATUS_OF_KIND = {
    "upstream_unreachable": 502,
    "upstream_tls": 502,
    "upstream_timeout": 504,
    "upstream_truncated": 502,
    "upstream_invalid": 502,
    "gateway_stopping": 503,
}


class UpstreamError(msgspec.Struct):
    """The error object of an upstream, whatever its shape was."""

    message: str
    type: str | None = None
    param: str | None = None
    code: str | None = None


def read_error(body: bytes) -> UpstreamError | None:
    """The error in an upstream's body; None where it is no JSON object with an error."""
    try:
        parsed = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return error_of(parsed.get("error", parsed) if isinstance(parsed, dict) else None)


def error_of(value: object) -> UpstreamError | None:
    """An error object, or a bare text, as providers send it."""
    if isinstance(value, str):
        return UpstreamError(_message(value))
    if not isinstance(value, dict):
        return None
    message = value.get("message") or value.get("detail") or value.get("error")
    if not isinstance(message, str):
        return None
    return UpstreamError(
        _message(message),
        type=_text(value.get("type")),
        param=_text(value.get("param")),
        code=_text(value.get("code")),
    )


def refusal_for_status(status: int, body: bytes, headers: dict[bytes, bytes]) -> Refusal:
    """A provider's error reply → what the client gets."""
    return _refusal(status, read_error(body), headers)


def _refusal(status: int, error: UpstreamError | None, headers: dict[bytes, bytes]) -> Refusal:
    message = error.message if error else f"The provider answered {status}."
    if status in _PASSED:
        return Refusal(
            status,
            error.code if error and error.code and _CODE.fullmatch(error.code) else "upstream_refused",
            message,
            type=(error and error.type) or "invalid_request_error",
            param=error.param if error else None,
        )
    if status in (401, 403):
        return upstream(502, "upstream_auth", "The provider refused the gateway's key.", DO_NOT_RETRY)
    if status == 402 or (status == 429 and error and "insufficient_quota" in (error.code, error.type)):
        return upstream(502, "upstream_auth", "The gateway's account at the provider has no quota left.", DO_NOT_RETRY)
    if status == 429:
        wait = retry_after_seconds(headers, time.time())
        return upstream(429, "upstream_rate_limited", message, () if wait is None else _wait_headers(wait))
    if status in (503, 529):
        return upstream(503, "upstream_overloaded", message)
    if status in (408, 504):
        return upstream(504, "upstream_timeout", message)
    if 300 <= status < 400:
        return upstream(502, "upstream_invalid", "The provider answered with a redirect, which is not followed.")
    return upstream(502, "upstream_error", message)


def refusal_for_error_in_reply(value: object) -> Refusal:
    """An error inside a 200 → what the client would have got, had the status said so."""
    error = error_of(value) or UpstreamError("The provider answered with an error it did not describe.")
    code = error.code or ""
    status = int(code) if _STATUS.fullmatch(code) else 502
    return _refusal(status, error, {})


def refusal_for_failure(failure: UpstreamFailed) -> Refusal:
    """An exchange that failed → what the client gets."""
    return upstream(_STATUS_OF_KIND.get(failure.kind, 502), failure.kind, redact(failure.message)[:500])


def _wait_headers(seconds: float) -> tuple[tuple[bytes, bytes], ...]:
    return (b"retry-after", b"%d" % math.ceil(seconds)), (b"retry-after-ms", b"%d" % math.ceil(seconds * 1000))


def _message(text: str) -> str:
    return redact(text[:_LONGEST_READ])[:500]  # a secret that the first cut goes through lies behind the second


def _text(value: object) -> str | None:
    return str(value)[:100] if isinstance(value, str | int) and not isinstance(value, bool) else None
