"""Requests for Anthropic, from the canonical form.

Keeps true: what Anthropic refuses together never goes out together. Where two of the caller's own wishes exclude each
other, one of them is lost (and so a 400, unless the route drops it); what nobody asked for gives way without a word.
"""

from typing import Any

import msgspec

from proxy.canonical.ask import Ask
from proxy.canonical.losses import Losses
from proxy.canonical.others import lose_others
from proxy.dialects.anthropic_messages.blocks_write import BlocksWriter
from proxy.dialects.anthropic_messages.claude import Claude, claude
from proxy.dialects.anthropic_messages.thinking_write import REPLY_ROOM, tokens_wanted, write_thinking
from proxy.dialects.anthropic_messages.tools_write import closed, write_choice, write_tools
from proxy.dialects.anthropic_messages.turns_write import write_turns
from proxy.dialects.anthropic_messages.vocabulary import FIELDS
from proxy.dialects.dialect import Destination
from proxy.refusal import Refusal

_USUAL_OUTPUT = 32000
"""`max_tokens` where the caller names none and the model may say as much: Anthropic demands one."""
_TIERS = {"auto": None, "default": "standard_only", "standard_only": "standard_only", "priority": "auto"}
"""Tier of the canonical form → Anthropic's; None: need not be said."""
_NUMBERS = ("presence_penalty", "frequency_penalty")

_encode = msgspec.json.Encoder().encode


def write_request(ask: Ask, to: Destination, losses: Losses) -> bytes:
    """Raises Refusal through `losses`."""
    model = claude(to.model)
    lose_others(ask, losses)
    _lose_unknown(ask, losses)
    blocks = BlocksWriter(losses, images=to.quirks.images)
    system, messages = write_turns(ask.turns, blocks, losses, late_system=model.late_system)
    if not messages:
        raise Refusal(400, "missing_required_parameter", "The request holds no message.", param="messages")
    body: dict[str, Any] = {"model": to.model, "max_tokens": _max_tokens(ask, to, model), "messages": messages}
    if system:
        body["system"] = system
    if tools := write_tools(ask):
        body["tools"] = tools
    if choice := write_choice(ask, model, losses):
        body["tool_choice"] = choice
    forced = choice is not None and choice["type"] in ("any", "tool")
    thought = write_thinking(ask.thinking, model, to.facts, body["max_tokens"], losses, forced=forced)
    if "thinking" in thought:
        body["thinking"] = thought["thinking"]
    thinks = thought.get("thinking", {}).get("type") in ("enabled", "adaptive")
    body |= _sampling(ask, model, losses, thinks=thinks)
    if output := _output(ask, to, thought.get("effort"), losses):
        body["output_config"] = output
    if stops := _stops(ask, losses):
        body["stop_sequences"] = stops
    if ask.user:
        body["metadata"] = {"user_id": ask.user}
    if tier := _tier(ask, losses):
        body["service_tier"] = tier
    if ask.stream:
        body["stream"] = True
    return _encode(settled(body, to, losses))


def settled(body: dict[str, Any], to: Destination, losses: Losses) -> dict[str, Any]:
    """The request as this very provider takes it: without what it refuses, with its own names."""
    for name in to.quirks.refuses:
        if name in body:
            losses.lose(FIELDS.get(name, name))
            del body[name]
    for name, theirs in to.quirks.renames.items():
        if name in body:
            body[theirs] = body.pop(name)
    return body


def _lose_unknown(ask: Ask, losses: Losses) -> None:
    if ask.n is not None and ask.n > 1:
        losses.lose("n", "a reply is one")
    for name in _NUMBERS:
        if getattr(ask, name):
            losses.lose(name)
    if ask.seed is not None:
        losses.lose("seed")
    if ask.logprobs:
        losses.lose("logprobs")
    if ask.top_logprobs:
        losses.lose("top_logprobs")


def _max_tokens(ask: Ask, to: Destination, model: Claude) -> int:
    if ask.max_output is not None:
        return ask.max_output
    known = to.facts.max_output
    thought = tokens_wanted(ask.thinking) if ask.thinking else 0
    return min(known, max(_USUAL_OUTPUT, thought + 2 * REPLY_ROOM)) if known else model.usual_output


def _sampling(ask: Ask, model: Claude, losses: Losses, *, thinks: bool) -> dict[str, Any]:
    """What differs from Anthropic's defaults (1 and 1) only."""
    said: dict[str, Any] = {}
    if ask.temperature is not None and ask.temperature != 1:
        if ask.temperature > 1:
            losses.lose("temperature", "it goes from 0 to 1 there")
        elif why := _no_sampling(model, thinks=thinks):
            losses.lose("temperature", why)
        else:
            said["temperature"] = ask.temperature
    if ask.top_p is not None and ask.top_p != 1:
        if not model.sampling:
            losses.lose("top_p", "this model takes no sampling parameters")
        elif thinks and ask.top_p < 0.95:
            losses.lose("top_p", "a model that thinks takes 0.95 to 1")
        elif "temperature" in said and model.one_of_sampling:
            losses.lose("top_p", "this model takes it or temperature, not both")
        else:
            said["top_p"] = ask.top_p
    if ask.top_k is not None:
        if why := _no_sampling(model, thinks=thinks):
            losses.lose("top_k", why)
        else:
            said["top_k"] = ask.top_k
    return said


def _no_sampling(model: Claude, *, thinks: bool) -> str:
    if not model.sampling:
        return "this model takes no sampling parameters"
    return "a model that thinks does not take it" if thinks else ""


def _output(ask: Ask, to: Destination, effort: str | None, losses: Losses) -> dict[str, Any]:
    said: dict[str, Any] = {"effort": effort} if effort else {}
    wanted = ask.format
    if wanted is None:
        return said
    if wanted.schema is None:
        losses.lose("format", "it promises JSON only by a schema")
    elif not to.quirks.json_schema:
        losses.lose("format", "it takes no schema of the reply")
    else:
        said["format"] = {"type": "json_schema", "schema": closed(wanted.schema)}
    return said


def _stops(ask: Ask, losses: Losses) -> list[str]:
    """Anthropic refuses a sequence that is all white."""
    stops = [each for each in ask.stop if each.strip()]
    if len(stops) < len(ask.stop):
        losses.lose("stop", "a sequence of white space alone is refused there")
    return stops


def _tier(ask: Ask, losses: Losses) -> str | None:
    if ask.service_tier is None:
        return None
    if ask.service_tier not in _TIERS:
        losses.lose("service_tier", f"it has no tier {ask.service_tier!r}")
    return _TIERS.get(ask.service_tier)
