"""A canonical request → the body of `generateContent`.

Caching is implicit, so cache marks and cache keys lose nothing; the caller's user is the gateway's to attribute.
"""

from typing import Any

import msgspec

from proxy.canonical.ask import Ask
from proxy.canonical.losses import Losses
from proxy.canonical.others import lose_others
from proxy.dialects.dialect import Destination
from proxy.dialects.gemini.contents import Contents
from proxy.dialects.gemini.generation_config import generation_config
from proxy.dialects.gemini.tools import write_tools

_TIERS = {"flex": "flex", "priority": "priority", "standard": "standard", "standard_only": "standard"}


def write(ask: Ask, to: Destination, losses: Losses, *, typed: bool = False) -> bytes:
    """`typed`: files must say their type (Vertex). Raises Refusal through `losses`."""
    return msgspec.json.encode(request(ask, to, losses, typed=typed))


def request(ask: Ask, to: Destination, losses: Losses, *, typed: bool) -> dict[str, Any]:
    contents = Contents(to, losses, typed=typed)
    contents.add(ask.turns)
    body: dict[str, Any] = {"contents": contents.contents}
    if contents.system:
        body["systemInstruction"] = {"parts": contents.system}
    body |= write_tools(ask, losses)
    if config := generation_config(ask, to, losses):
        body["generationConfig"] = config
    if ask.service_tier not in (None, "auto", "default"):
        if tier := _TIERS.get(ask.service_tier or ""):
            body["serviceTier"] = tier
        else:
            losses.lose("service_tier", "it has no tier of this name")
    lose_others(ask, losses)
    return body
