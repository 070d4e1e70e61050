"""A whole reply, whatever dialect it came in."""

from typing import Any, Literal

import msgspec

from gatewatch.call import Tokens
from gatewatch.usage.details import Details
from proxy.canonical.parts import Part

Finish = Literal["stop", "stop_sequence", "length", "tool_calls", "content_filter", "refusal", "pause"]
"""Why a reply ends. `refusal`: the model declined. `pause`: the provider wants the turn sent back to go on."""


class Usage(msgspec.Struct, kw_only=True):
    """What the reply says it used."""

    raw: Any = None
    """The provider's usage object as it came."""
    tokens: Tokens | None = None
    """None where the provider's object is not whole and sound."""
    searches: int = 0
    """Web searches that it counts, which are charged apart."""
    file_searches: int = 0
    """Searches in stored files, likewise."""
    unpriced_pieces: bool = False
    """Whether the provider did what is charged apart and no list of prices has a measure for."""
    details: Details = Details()
    """What else its price depends on."""


class TokenLogprob(msgspec.Struct, kw_only=True):
    token: str
    logprob: float
    bytes: list[int] | None = None
    top: list["TokenLogprob"] = []


class Choice(msgspec.Struct, kw_only=True):
    parts: list[Part]
    finish: Finish
    stop_sequence: str | None = None
    logprobs: list[TokenLogprob] | None = None


class Answer(msgspec.Struct, kw_only=True):
    choices: list[Choice]
    usage: Usage
    id: str | None = None
    """The provider's id of the reply."""
    model: str | None = None
    """The model that the reply names."""
    created: int | None = None
    """Unix seconds."""
    service_tier: str | None = None
