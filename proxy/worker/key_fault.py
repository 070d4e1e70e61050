"""Whether a provider's error speaks of the gateway's key, and of what about it.

Keeps true: nothing that a caller sends can put a key into quarantine, so what a provider says of a prompt or of a rate
is none of the key's faults; and the reason is in our own words, for a provider may repeat the key in its own.
"""

import re
from typing import NamedTuple

from gatewatch.control.key_hold import Kind
from proxy.dialects.provider_error import ProviderError

_ABOUT_THE_CALL = re.compile(r"moderat|flagged|content[ _-]?(?:policy|filter)|safety|guardrail|harmful", re.IGNORECASE)
"""OpenRouter, Azure and firewalls before providers answer some prompts with 403."""
_WORD = re.compile(r"[a-z]{2,20}(?:_[a-z]{2,20}){1,5}")
_READ_CHARACTERS = 4096


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
    status = error.status
    if error.daily:
        return KeyFault("exhausted", "the quota of the day", True, error.retry_after)
    if error.quota or status == 402:
        return KeyFault("exhausted", _said(error))
    if error.key or status == 401:
        return KeyFault("refused", _said(error))
    if status == 403 and not _is_about_the_call(error):
        return KeyFault("refused", _said(error), True)
    return None


def _is_about_the_call(error: ProviderError) -> bool:
    return any(
        _ABOUT_THE_CALL.search(said) for said in (error.message[:_READ_CHARACTERS], error.code, error.type) if said
    )


def _said(error: ProviderError) -> str:
    """The status, and the provider's code where it is a plain word."""
    code = next((code for code in (error.code, error.type) if code and _WORD.fullmatch(code)), None)
    return " ".join(str(each) for each in (error.status, code) if each) or "without a status"
