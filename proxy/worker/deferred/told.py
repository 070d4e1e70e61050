"""What callers are told of their deferred calls, as JSON and in headers."""

from typing import Any

import msgspec

from gatewatch.deferred.entry import Entry
from gatewatch.timespan import iso
from proxy.http_server.request import Headers
from proxy.refusal import Refusal

PATH = "/v1/deferred/"
_SOONEST_SECONDS = 1
_LATEST_SECONDS = 60


def accepted(entry: Entry) -> bytes:
    """The body of a 202."""
    return msgspec.json.encode(described(entry))


def described(entry: Entry) -> dict[str, Any]:
    """As it is now."""
    told: dict[str, Any] = {
        "id": entry.id,
        "object": "gatewatch.deferred",
        "status": entry.told,
        "accepted_at": iso(entry.accepted_at),
        "deadline": iso(entry.deadline),
        "way": entry.way,
        "url": PATH + entry.id,
    }
    return told


def waiting_headers(entry: Entry, now_us: int) -> Headers:
    """Where it is to be fetched, and when to look again: a tenth of what it has waited, a minute at most."""
    waited = max(0, now_us - entry.accepted_at) // 10_000_000
    again = min(_LATEST_SECONDS, max(_SOONEST_SECONDS, waited))
    return [(b"location", (PATH + entry.id).encode()), (b"retry-after", b"%d" % again)]


def not_found() -> Refusal:
    """It does not exist, or is not this key's business: it is not told which."""
    return Refusal(404, "deferred_not_found", "There is no deferred call of this id for this key.")


def is_gone() -> Refusal:
    return Refusal(410, "deferred_gone", "This deferred call was there, and its reply is deleted.")


def no_room(why: str) -> Refusal:
    return Refusal(
        429,
        "deferred_full",
        "The gateway keeps as many deferred calls as it may.",
        type="rate_limit_error",
        headers=((b"retry-after", b"60"),),
        reason=why,
    )


def not_kept(why: str) -> Refusal:
    return Refusal(
        503,
        "deferred_unavailable",
        "The gateway cannot keep deferred calls at the moment.",
        type="server_error",
        headers=((b"retry-after", b"1"),),
        reason=why,
    )
