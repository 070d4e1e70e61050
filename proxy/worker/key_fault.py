"""Whether a provider's error speaks of the gateway's key, and of what about it.

Keeps true: nothing that a caller sends can put a key into quarantine (`key_words` says what may be believed); and the
reason is in our own words, for a provider may repeat the key in its own.
"""

import re
from typing import NamedTuple

from gatewatch.control.key_hold import Kind
from proxy.dialects.key_words import OfKey
from proxy.dialects.provider_error import ProviderError

_WORD = re.compile(r"[a-z]{2,20}(?:_[a-z]{2,20}){1,5}")


class KeyFault(NamedTuple):
    """What is wrong with a key."""

    kind: Kind
    reason: str
    for_model: bool = False
    """Only where it is used for this model."""
    wait: float | None = None
    """Seconds after which it will be good again, where the provider says so."""


def key_fault(error: ProviderError) -> KeyFault | None:
    """None where the error is about something else: the request, the rate, the provider itself."""
    if error.daily:
        return KeyFault("exhausted", "the quota of the day", True, error.retry_after)
    of_key = error.of_key or (OfKey("refused") if error.status == 401 else None)
    return KeyFault(of_key.kind, _said(error), of_key.for_model) if of_key and of_key.holds else None


def _said(error: ProviderError) -> str:
    """The status, and the provider's code where it is a plain word."""
    code = next((code for code in (error.code, error.type) if code and _WORD.fullmatch(code)), None)
    return " ".join(str(each) for each in (error.status, code) if each) or "without a status"
