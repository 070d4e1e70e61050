"""Recognises who asks the control API over the network: admin keys, and nobody else.

Keeps true: nothing, an unknown, an expired and a revoked key look alike to the caller; a browser is never served,
whatever it brings; an ended key is refused as soon as the store says so, and nobody is let in while it cannot be read.
Every refusal is in the audit trail, or in a number there.
"""

import time
from collections.abc import Callable
from ipaddress import ip_address, ip_network

from gatewatch.authority.actor import Actor
from gatewatch.control.key_table import KeyTable, Known
from gatewatch.ids import new_call_id
from proxy.control.failed_tries import FailedTries
from proxy.control.turned_away import TurnedAway
from proxy.http_server.request import Request

_SHOWN_WHOLE = ("expired", "revoked", "replaced", "secret_revoked")
"""Refusals of secrets that are right: then it is known whose key it was. A public id alone anybody can write."""


class KeyDoor:
    """Used in the event loop's thread, as its key table is."""

    def __init__(
        self,
        keys: KeyTable,
        used: Callable[[str, int], None] = lambda _kid, _at: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`used` is told of every secret that was let in, and when (µs since the epoch)."""
        self._keys = keys
        self._used = used
        self._clock = clock
        self._failed = FailedTries(clock)

    def recognise(self, request: Request) -> Actor:
        """The admin key behind a request. Raises TurnedAway: 401, 403, 429, or 503."""
        if any(name == b"origin" or name.startswith(b"sec-fetch-") for name in request.headers):
            raise self._refusal(request, 403, "browser", "Browsers are not served here.", "", None)
        self._keys.refresh(self._clock())
        if self._keys.stale_since is not None:
            raise TurnedAway(503, "The gateway cannot read its keys just now.", "See its log, and `gatewatch doctor`.")
        scheme, _, token = request.headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer":
            raise self._unknown(request, "no key", None)
        found = self._keys.lookup(token.strip().decode("latin-1"))
        if not isinstance(found, Known):
            if found.reason in _SHOWN_WHOLE:
                raise self._unknown(request, found.reason, found.kid)
            raise self._unknown(request, f"{found.reason}, kid {found.kid}" if found.kid else found.reason, None)
        key = found.key
        if not _may_come_from(request.source, key.networks):
            raise self._unknown(request, f"not from {request.source}", key.id)
        if key.kind != "admin" or key.role is None:
            title = "This is a client key: it makes calls, it operates nothing."
            step = "Use an admin key: `gatewatch keys create NAME --team TEAM --kind admin` makes one."
            raise self._refusal(request, 403, "client key", title, step, key.id)
        self._used(found.kid, time.time_ns() // 1000)
        return Actor(
            id=f"key:{key.id}",
            role=key.role,
            source=request.source,
            team=None if key.all_teams else key.team,
            project=None if key.all_teams else key.project,
            test_only=key.environment == "test",
            key_id=key.id,
            request_id=new_call_id(),
        )

    def _unknown(self, request: Request, reason: str, kid: str | None) -> TurnedAway:
        step = "Is it an admin key of this gateway, and still good? `gatewatch keys list` there tells."
        return self._refusal(request, 401, reason, "This takes an admin key that may come in here.", step, kid)

    def _refusal(
        self, request: Request, status: int, reason: str, title: str, step: str, kid: str | None
    ) -> TurnedAway:
        seconds = self._failed.wait(request.source)
        is_news = kid is not None and self._failed.is_news(request.source, f"{kid} {reason}")
        if seconds and not is_news:
            self._failed.only_count(request.source)
        somebody = Actor(
            id="nobody" if kid is None else f"key:{kid}",
            role="none",
            source=request.source,
            request_id=new_call_id(),
        )
        if seconds:
            status, title, step = 429, "Too many tries from this address.", f"Try again in {seconds} s."
        known = somebody if is_news or not seconds else None
        return TurnedAway(status, title, step, actor=known, reason=reason, retry_after=seconds or None)

    def take_counted(self) -> tuple[Actor, str] | None:
        """Who else was refused since the last time, without standing in the audit trail: the source that tried most,
        and all of it in words."""
        if (counted := self._failed.take_counted()) is None:
            return None
        source, told = counted
        return Actor(id="nobody", role="none", source=source), told


def _may_come_from(source: str, networks: tuple[str, ...] | None) -> bool:
    if networks is None:
        return True
    try:
        address = ip_address(source.partition("%")[0])
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in ip_network(network) for network in networks)
