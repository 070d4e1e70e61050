"""Which request headers are kept with a deferred call: those that say what is to be done, never one that says who asks.

Keeps true: what is not named here is not kept, so that no credential is, whatever header it comes in.
"""

from collections.abc import Mapping

_NAMES = frozenset(
    {b"user-agent", b"idempotency-key", b"cache-control", b"anthropic-version", b"anthropic-beta", b"openai-beta"}
)
"""Those that go on to providers by the dialects' `passed_headers`, and those that our own stages read."""
_PREFIXES = (b"x-gatewatch-", b"x-sandbox-")
_LONGEST = 8192


def kept_headers(headers: Mapping[bytes, bytes]) -> dict[str, str]:
    """As they are stored."""
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in headers.items()
        if (name in _NAMES or name.startswith(_PREFIXES)) and len(value) <= _LONGEST
    }
