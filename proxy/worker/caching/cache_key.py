"""The key of a reply: everything that changes the answer, and nothing else.

Keeps true: two calls have the same key only where the same provider, told the same, may answer both. A field or a
header that is not known here is taken to change the answer.
"""

from hashlib import sha256

import msgspec

from proxy.settings import Route
from proxy.worker.inbound import Inbound

_WHOSE = frozenset({"user", "metadata", "safety_identifier", "prompt_cache_key"})
"""Fields of the body that say whose call it is. Replies of the Responses API repeat them: there they count."""
_REACHING = frozenset({b"anthropic-version", b"anthropic-beta", b"openai-beta"})
"""Headers that go to providers, by the dialects' `passed_headers`; `idempotency-key` names a try, not an answer."""
_OURS = (b"x-gatewatch-", b"x-sandbox-")
_ABOUT_THE_CALL = frozenset(
    {
        *(b"x-gatewatch-task", b"x-gatewatch-tags", b"x-gatewatch-cache", b"x-gatewatch-cache-tags"),
        *(b"x-gatewatch-priority", b"x-gatewatch-deadline"),
    }
)
"""Ours that change no answer. What tags decide (the workload class) counts by itself."""

_encode = msgspec.json.Encoder().encode


def cache_key(inbound: Inbound, route: Route, tenant: str, places: str) -> bytes:
    """32 bytes. `places`: names what the route's providers are declared to be."""
    call, body = inbound.call, inbound.body
    headers = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in inbound.headers.items()
        if name in _REACHING or (name.startswith(_OURS) and name not in _ABOUT_THE_CALL)
    ]
    headers.sort()
    left_out = frozenset() if call.endpoint == "responses" else _WHOSE
    asked = {name: body[name] for name in sorted(body) if name not in left_out}
    way = (route.name, route.version, places, call.workload_class, call.data_class, call.region)
    return sha256(_encode((tenant, call.endpoint, inbound.caller.name, *way, call.stream, headers, asked))).digest()
