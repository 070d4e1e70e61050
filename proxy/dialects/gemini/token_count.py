"""`countTokens`: how many tokens a request has, without asking it."""

import msgspec

from proxy.canonical.ask import Ask
from proxy.canonical.losses import Losses
from proxy.dialects.dialect import Destination
from proxy.dialects.gemini.errors import error_of
from proxy.dialects.gemini.request_write import request
from proxy.dialects.provider_error import NotThisDialect

_NOT_COUNTED = ("toolConfig", "serviceTier")
"""Fields of a request that Vertex does not take here."""


def write_count(ask: Ask, to: Destination, losses: Losses, *, vertex: bool = False) -> bytes:
    """The Gemini API counts whole requests, Vertex takes their fields. Raises Refusal through `losses`."""
    asked = request(ask, to, losses, typed=vertex)
    if vertex:
        return msgspec.json.encode({name: value for name, value in asked.items() if name not in _NOT_COUNTED})
    model = f"models/{to.model.removeprefix('models/')}"
    return msgspec.json.encode({"generateContentRequest": {"model": model, **asked}})


def read_count(body: bytes) -> int:
    """A reply of `countTokens` → input tokens. Raises ProviderError, NotThisDialect."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotThisDialect(str(error)) from None
    if isinstance(said, list) and len(said) == 1:
        said = said[0]
    if not isinstance(said, dict):
        raise NotThisDialect("no object")
    if "error" in said:
        raise error_of(said["error"])
    count = said.get("totalTokens")
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise NotThisDialect("no count of tokens")
    return count
