"""What an upstream's failure means to the client.

The request's own faults (400, 404, 413, 422 and the like) pass through in the caller's dialect. A provider's refusal
of our key is never the client's 401. HTML and redirects never reach a client.
"""

import math
import re
import time

import msgspec

from gatewatch.redact import redact
from proxy.dialects.provider_error import ProviderError
from proxy.rate_limits import rate_limits, wait_for
from proxy.refusal import DO_NOT_RETRY, Refusal, upstream
from proxy.retry_after import LONGEST_SECONDS, SHORTEST_SECONDS, retry_after_seconds
from proxy.upstream.failure import UpstreamFailed

_PASSED = frozenset({400, 404, 405, 406, 409, 410, 413, 415, 422, 451})
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""Codes become `error_kind`, by which rows are grouped: no text, no noise."""
_LONGEST_READ = 4096
_STATUS_OF_KIND = {
    "upstream_unreachable": 502,
    "upstream_tls": 502,
    "upstream_timeout": 504,
    "upstream_truncated": 502,
    "upstream_invalid": 502,
    "gateway_stopping": 503,
}


def refusal_for(error: ProviderError, headers: dict[bytes, bytes]) -> Refusal:
    """What a provider says went wrong → what the client gets. `headers` are those of the provider's reply."""
    refusal = _refusal_for(error, headers)
    refusal.said = error
    return refusal


def _refusal_for(error: ProviderError, headers: dict[bytes, bytes]) -> Refusal:
    status = error.status if error.status and error.status != 200 else 502
    message = told(error)
    if error.quota or status == 402:
        return upstream(502, "upstream_auth", "The gateway's account at the provider has no quota left.", DO_NOT_RETRY)
    if error.key or status in (401, 403):
        return upstream(502, "upstream_auth", "The provider refused the gateway's key.", DO_NOT_RETRY)
    if status in _PASSED:
        return Refusal(
            status,
            error.code if error.code and _CODE.fullmatch(error.code) else "upstream_refused",
            message,
            type=_short(error.type) or "invalid_request_error",
            param=_short(error.param),
        )
    if status == 429:
        wait = wait_of(error, headers)
        return upstream(429, "upstream_rate_limited", message, () if wait is None else wait_headers(wait))
    if status in (503, 529):
        return upstream(503, "upstream_overloaded", message)
    if status in (408, 504):
        return upstream(504, "upstream_timeout", message)
    if 300 <= status < 400:
        return upstream(502, "upstream_invalid", "The provider answered with a redirect, which is not followed.")
    return upstream(502, "upstream_error", message)


def told(error: ProviderError) -> str:
    """What the provider said, redacted and cut: for clients and rows."""
    return redact(error.message[:_LONGEST_READ])[
        :500
    ]  # a secret that the first cut goes through lies behind the second


def names_an_error(body: bytes) -> bool:
    """Whether a body that came with a good status is an error all the same."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    if isinstance(said, list) and said:  # Google's streams
        said = said[0]
    return isinstance(said, dict) and bool(said.get("error"))


def not_readable() -> Refusal:
    return upstream(502, "upstream_invalid", "The provider's reply is not valid JSON of this API.")


def refusal_for_failure(failure: UpstreamFailed) -> Refusal:
    """An exchange that failed → what the client gets."""
    return upstream(_STATUS_OF_KIND.get(failure.kind, 502), failure.kind, redact(failure.message)[:500])


def wait_of(error: ProviderError, headers: dict[bytes, bytes]) -> float | None:
    """Seconds: what `Retry-After` says, else the body, else the limits that are used up."""
    now = time.time()
    wait = retry_after_seconds(headers, now)
    if wait is None and (said := error.retry_after) is not None:
        wait = said
    if wait is None and (limits := rate_limits(headers, now)):
        wait = wait_for(limits)
    return None if wait is None else min(max(wait, SHORTEST_SECONDS), LONGEST_SECONDS)


def wait_headers(seconds: float) -> tuple[tuple[bytes, bytes], ...]:
    """How a caller is told when to come again."""
    return (b"retry-after", b"%d" % math.ceil(seconds)), (b"retry-after-ms", b"%d" % math.ceil(seconds * 1000))


def _short(text: str | None) -> str | None:
    return redact(text[:200])[:100] if text else None
