"""HTTP/1.1 as bytes: reply heads and chunks."""

import os
import time
from email.utils import formatdate
from http import HTTPStatus
from itertools import count

JSON = "application/json"
EVENTS = "text/event-stream; charset=utf-8"
HTML = "text/html; charset=utf-8"

LAST_CHUNK = b"0\r\n\r\n"

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
        f"{extra}\r\n"
    ).encode("latin-1", "replace")


def new_id() -> str:
    """32 hexadecimal digits, different ones every time: headers are no part of what repeats."""
    return f"{_run}{next(_ids):012x}"


def http_date(at: float) -> str:
    return formatdate(at, usegmt=True)


def _http_date() -> str:
    global _second, _date
    now = int(time.time())
    if now != _second:
        _second, _date = now, http_date(now)
    return _date
