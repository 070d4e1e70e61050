"""Authenticate: which virtual key makes this call."""

import time

from gatewatch.control.key_table import KeyTable, Known
from proxy.refusal import bad_key, bad_request, no_key
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
    found = keys.lookup(presented_key(inbound))
    if isinstance(found, Known):
        return found
    raise bad_key(f"{found.reason}: {found.kid}" if found.kid else found.reason)
