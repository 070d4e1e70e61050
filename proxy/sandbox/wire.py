"""HTTP/1.1 as bytes: reply heads with OpenAI's headers, and chunks."""

import os
import time
from email.utils import formatdate
from http import HTTPStatus
from itertools import count

JSON = "application/json"
EVENTS = "text/event-stream; charset=utf-8"
HTML = "text/html; charset=utf-8"

LAST_CHUNK = b"0\r\n\r\n"

_REQUESTS_LIMIT = 10_000
_TOKENS_LIMIT = 2_000_000

REASONS = {status.value: status.phrase for status in HTTPStatus} | {529: "Site is overloaded"}

_ids = count(1)
_run = os.urandom(10).hex()
_second = 0
_date = ""


def chunk(data: bytes) -> bytes:
    """One HTTP chunk. Never call it with nothing: that would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def head(
    status: int,
    content_type: str,
    *,
    length: int | None,
    chunked: bool = False,
    close: bool = False,
    processing_ms: int = 1,
    extra: str = "",
) -> bytes:
    """A reply up to its blank line. A body with neither length nor chunks ends with the connection."""
    framing = "Transfer-Encoding: chunked\r\n" if chunked else ""
    if length is not None:
        framing = f"Content-Length: {length}\r\n"
    return (
        f"HTTP/1.1 {status} {REASONS.get(status, 'Unknown')}\r\n"
        f"Date: {_http_date()}\r\n"
        f"Content-Type: {content_type}\r\n"
        f"{framing}"
        f"{'Connection: close' if close else 'Connection: keep-alive'}\r\n"
        f"openai-organization: sandbox\r\n"
        f"openai-processing-ms: {processing_ms}\r\n"
        f"openai-version: 2020-10-01\r\n"
        f"x-request-id: req_{_run}{next(_ids):012x}\r\n"
        f"{extra}\r\n"
    ).encode("latin-1", "replace")


def limits(prompt_tokens: int) -> str:
    """`x-ratelimit-*` of a reply that was within the limits."""
    return (
        f"x-ratelimit-limit-requests: {_REQUESTS_LIMIT}\r\n"
        f"x-ratelimit-limit-tokens: {_TOKENS_LIMIT}\r\n"
        f"x-ratelimit-remaining-requests: {_REQUESTS_LIMIT - 1}\r\n"
        f"x-ratelimit-remaining-tokens: {max(0, _TOKENS_LIMIT - prompt_tokens)}\r\n"
        f"x-ratelimit-reset-requests: 6ms\r\n"
        f"x-ratelimit-reset-tokens: {prompt_tokens * 60_000 // _TOKENS_LIMIT}ms\r\n"
    )


def limits_reached(reset: str) -> str:
    """`x-ratelimit-*` where nothing is left until `reset`."""
    return (
        f"x-ratelimit-limit-requests: {_REQUESTS_LIMIT}\r\n"
        f"x-ratelimit-limit-tokens: {_TOKENS_LIMIT}\r\n"
        f"x-ratelimit-remaining-requests: 0\r\n"
        f"x-ratelimit-remaining-tokens: 0\r\n"
        f"x-ratelimit-reset-requests: {reset}\r\n"
        f"x-ratelimit-reset-tokens: {reset}\r\n"
    )


def http_date(at: float) -> str:
    return formatdate(at, usegmt=True)


def _http_date() -> str:
    global _second, _date
    now = int(time.time())
    if now != _second:
        _second, _date = now, http_date(now)
    return _date
