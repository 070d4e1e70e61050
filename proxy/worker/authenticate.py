"""Authenticate: which virtual key makes this call."""

import time

from gatewatch.control.key_table import KeyTable, Known
from gatewatch.control.key_table import Refusal as NotServed
from proxy.refusal import Refusal, bad_key, bad_request, no_key
from proxy.worker.inbound import Inbound

_KEY_HEADERS = (b"x-api-key", b"api-key", b"x-goog-api-key")


def presented_key(inbound: Inbound) -> str:
    """The one key a request carries, in whichever header its SDK uses. Raises Refusal for none, or two."""
    found = {value.decode("latin-1") for name in _KEY_HEADERS if (value := inbound.headers.get(name))}
    if authorization := inbound.headers.get(b"authorization"):
        scheme, _, value = authorization.partition(b" ")
        if scheme.lower() != b"bearer":
            raise no_key()
        if value := value.strip():
            found.add(value.decode("latin-1"))
    if len(found) > 1:
        raise bad_request("two_keys", "The request carries two different API keys.")
    if not found:
        raise no_key()
    return found.pop()


def authenticate(inbound: Inbound, keys: KeyTable) -> Known:
    """The key behind the request. Raises Refusal; unknown, expired and revoked look alike to the caller."""
    keys.refresh_if_stale(time.monotonic())
    presented = presented_key(inbound)
    found = keys.lookup(presented)
    if isinstance(found, Known):
        return found
    keys.refresh(time.monotonic())  # it may have been made a moment ago
    found = keys.lookup(presented)
    if isinstance(found, Known):
        return found
    raise not_served(found)


def not_served(why: NotServed) -> Refusal:
    """What every caller with such a key is told, whatever is wrong with it; the row says what."""
    return bad_key(told(why))


def told(why: NotServed) -> str:
    """For the row."""
    return f"{why.kid}: {why.reason}" if why.kid else why.reason
