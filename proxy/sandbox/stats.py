"""What the sandbox saw: counts, clients that went away and how soon that was noticed, the last requests.

Secrets are not shown but compared: a key is there as the first characters of its SHA-256.
"""

import hashlib
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from proxy.sandbox.exchange import Exchange

if TYPE_CHECKING:
    from proxy.sandbox.connection import Connection

KEPT = 200
BODY_KEPT = 1024 * 1024

_SECRET = frozenset(
    (
        *(b"authorization", b"proxy-authorization", b"api-key", b"x-api-key", b"x-goog-api-key", b"cookie"),
        b"x-amz-security-token",
    )
)


class Sighting(msgspec.Struct):
    """One request that arrived. `body` is JSON where it was, else text; null beyond 1 MiB."""

    number: int
    connection: int
    method: str
    target: str
    headers: dict[str, str]
    body: msgspec.Raw
    body_bytes: int


class Cancel(msgspec.Struct):
    """A client that went away before its reply was over."""

    model: str | None
    stream: bool
    writes: int
    """Writes by then; each frame of a paced stream is one."""
    after_first_write_ms: float | None
    """From the first byte to the notice; null where nothing had been written."""


class Stats:
    """Counts since the start, or the last reset. What is open stays open through a reset."""

    def __init__(self) -> None:
        self._open: set[Connection] = set()
        self._connections = 0
        self.clear()

    def clear(self) -> None:
        self._requests = 0
        self._accepted = 0
        self._cancelled_streams = 0
        self._cancelled_bodies = 0
        self._cancelled_waits = 0
        self._faults: dict[str, int] = {}
        self._cancels: deque[Cancel] = deque(maxlen=KEPT)
        self._seen: deque[tuple[int, int, str, bytes, list[tuple[bytes, bytes]], bytes | None, int]] = deque(
            maxlen=KEPT
        )

    @property
    def connections(self) -> "list[Connection]":
        return list(self._open)

    def opened(self, connection: "Connection") -> int:
        self._open.add(connection)
        self._accepted += 1
        self._connections += 1
        return self._connections

    def closed(self, connection: "Connection") -> None:
        self._open.discard(connection)

    def arrived(self, exchange: Exchange, connection: int) -> None:
        request = exchange.request
        if request.target.startswith(b"/__sandbox/") and not request.target.startswith(b"/__sandbox/redirected"):
            return
        self._requests += 1
        kept = request.body if request.size <= BODY_KEPT else None
        seen = (self._requests, connection, request.method, request.target, request.headers, kept, request.size)
        self._seen.append(seen)

    def fault(self, name: str) -> None:
        self._faults[name] = self._faults.get(name, 0) + 1

    def cancelled(self, exchange: Exchange, now: float) -> None:
        """The client went away: before the first byte, in a stream, or in a plain body."""
        first = exchange.first_write
        if first is None:
            self._cancelled_waits += 1
        elif exchange.streams:
            self._cancelled_streams += 1
        else:
            self._cancelled_bodies += 1
        after = None if first is None else round((now - first) * 1000, 3)
        self._cancels.append(Cancel(exchange.model, exchange.streams, exchange.writes, after))

    def report(self, last: int = 20, keys: Iterable[object] = ()) -> bytes:
        """As JSON, with the last requests, newest last; `keys`: what there is to say of keys that the sandbox made."""
        seen = list(self._seen)[-last:] if last > 0 else []
        return msgspec.json.encode(
            {
                "requests": self._requests,
                "connections": self._accepted,
                "open_connections": len(self._open),
                "cancelled_streams": self._cancelled_streams,
                "cancelled_bodies": self._cancelled_bodies,
                "cancelled_waits": self._cancelled_waits,
                "cancels": list(self._cancels),
                "faults": self._faults,
                "keys": list(keys),
                "last": [
                    Sighting(number, connection, method, target.decode("latin-1"), _shown(headers), _json(body), size)
                    for number, connection, method, target, headers, body, size in seen
                ],
            }
        )


def fingerprint(secret: bytes) -> str:
    """How a secret is shown: enough to tell two apart."""
    return f"sha256:{hashlib.sha256(secret).hexdigest()[:12]}"


def _shown(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    shown: dict[str, str] = {}
    for name, value in headers:
        text = value.decode("latin-1")
        if name in _SECRET:
            scheme, space, secret = value.partition(b" ")
            text = f"{scheme.decode('latin-1')} {fingerprint(secret)}" if space else fingerprint(value)
        key = name.decode("latin-1")
        shown[key] = f"{shown[key]}, {text}" if key in shown else text
    return shown


def _json(body: bytes | None) -> msgspec.Raw:
    if body is None:
        return msgspec.Raw(b"null")
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return msgspec.Raw(msgspec.json.encode(body.decode("utf-8", "replace")))
    return msgspec.Raw(body)
