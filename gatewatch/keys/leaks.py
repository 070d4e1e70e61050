"""What shows that a key is no secret any more, and what is done about it. No secret stands in any of this."""

import re
from itertools import islice
from typing import Literal

import msgspec

from gatewatch.keys.token import parse

Mark = Literal["browser", "new_network", "in_prompt"]
Reaction = Literal["off", "alert", "refuse", "revoke"]

DAY_US = 86_400 * 1_000_000
CANDIDATES = 1000
"""Texts of a key's shape that are looked at in one document: enough for every accident, and bounded work for malice."""

_SHAPE = re.compile(r"gwk_(?:sk|ak)_(?:live|test)_[0-9A-Za-z]{57}")
_SHAPE_IN_BYTES = re.compile(_SHAPE.pattern.encode())
_START = b"gwk_"


class Reactions(msgspec.Struct, frozen=True, kw_only=True):
    """What is done for each mark. `refuse` and `revoke` answer the call with an error; `revoke` ends the key too."""

    browser: Reaction = "alert"
    """The request has a header that only browsers send."""
    new_network: Reaction = "alert"
    """The request comes from a network that the key was never used from."""
    in_prompt: Reaction = "alert"
    """The key stands in the body of a call."""
    learn_us: int = 7 * DAY_US
    """How long after a key's first use every network is taken for one of its own."""


class Leak(msgspec.Struct, frozen=True, kw_only=True):
    """A key was seen where no key should be."""

    key_id: str
    kid: str
    """Of the secret that was seen."""
    mark: Mark
    source: str
    """The page, the network or the prompt where it was; safe to show."""
    reaction: Reaction
    """What the worker has done, or wants to be done."""


class ProviderLeak(msgspec.Struct, frozen=True, kw_only=True):
    """The secret of a provider was seen in what a caller sent."""

    provider: str
    key_id: str
    version: str
    """Of the secret; tells nothing of it."""
    source: str
    """Where it was; safe to show."""
    reaction: Reaction


def secrets_in(document: str | bytes) -> list[str]:
    """The texts in it that are keys of a gateway by their shape and checksum, each once, in order."""
    if isinstance(document, bytes):
        if _START not in document:
            return []
        found = (match.group().decode() for match in _SHAPE_IN_BYTES.finditer(document))
    else:
        found = (match.group() for match in _SHAPE.finditer(document))
    return [text for text in dict.fromkeys(islice(found, CANDIDATES)) if parse(text) is not None]


def keys_in(document: str | bytes) -> list[str]:
    """The public ids of the gateway keys whose secrets stand in a document: a prompt, a file that is imported."""
    return list(dict.fromkeys(kid for text in secrets_in(document) if (kid := parse(text))))
