"""`Ask` → a request to Responses.

Keeps true: every field of `Ask` is carried or lost; nothing is stored there, and encrypted reasoning comes back, so
that the next turn can be sent whole.
"""

from typing import Any

import msgspec

from proxy.canonical.ask import Ask, Format, Tool, ToolChoice
from proxy.canonical.losses import Losses
from proxy.canonical.others import lose_others
from proxy.dialects.dialect import Destination
from proxy.dialects.openai_responses.items_write import split_instructions, write_items
from proxy.dialects.openai_responses.opaque import sendable
from proxy.dialects.openai_responses.request_read import CHANGES_NOTHING, ENCRYPTED_REASONING, LOGPROBS
from proxy.dialects.openai_sampling import sampling
from proxy.dialects.openai_user import user_id

_FIELDS = {
    "input": "turns",
    "instructions": "turns",
    "parallel_tool_calls": "parallel_tools",
    "max_output_tokens": "max_output",
    "text": "format",
    "reasoning": "thinking",
    "include": "logprobs",
}
"""Parameter → field of `Ask`, where the names differ."""
_HINTS = frozenset({"prompt_cache_key", "safety_identifier"})
LEAST_OUTPUT = 16
"""Tokens: the API refuses a smaller `max_output_tokens`."""
_CARRIED = frozenset(
    {
        "prompt_cache_retention",
        "prompt_cache_options",
        "truncation",
        "moderation",
        "safety_identifier",
    }
)
"""Parameters without a place in `Ask` that this API knows under the same name and meaning."""
_TIERS = frozenset({"auto", "default", "flex", "scale", "priority", "fast", "ultrafast"})
_TIER_NAMES = {"standard_only": "default"}
_EFFORTS = frozenset({"none", "minimal", "low", "medium", "high", "xhigh", "max"})
_EFFORT_UP_TO = ((0, "none"), (1024, "low"), (8192, "medium"))
"""Thinking tokens → effort, as documented by Google for the other direction; more is `high`, which all models know."""


def write_request(ask: Ask, to: Destination, losses: Losses) -> bytes:
    """The request. Raises Refusal through `losses`."""
    lose_others(ask, losses, _CARRIED)
    instructions, turns = split_instructions(ask.turns)
    include = [] if to.facts.thinking == "none" else [ENCRYPTED_REASONING]
    if ask.logprobs:
        include.append(LOGPROBS)
    reasoning = _reasoning(ask, to, losses)
    body: dict[str, Any] = {
        "model": to.model,
        "instructions": instructions,
        "input": write_items(turns, losses, images=to.quirks.images),
        "tools": [_tool(tool) for tool in ask.tools] or None,
        "tool_choice": _choice(ask.tool_choice, ask.tools) if ask.tools and ask.tool_choice else None,
        "parallel_tool_calls": ask.parallel_tools if ask.tools else None,
        "max_output_tokens": None if ask.max_output is None else max(ask.max_output, LEAST_OUTPUT),
        **sampling(ask, to, (reasoning or {}).get("effort"), losses),
        "top_logprobs": ask.top_logprobs if ask.logprobs else None,
        "text": _text(ask, to, losses),
        "reasoning": reasoning,
        "include": include or None,
        "service_tier": _tier(ask, losses),
        "safety_identifier": user_id(ask.user),
        "prompt_cache_key": ask.cache_key,
        **{name: value for name, value in ask.others.items() if name in _CARRIED},
        "store": False,
        "stream": True if ask.stream else None,
    }
    _lose_unknown(ask, losses)
    return _encoded({name: value for name, value in body.items() if value is not None}, to, losses, translated=ask)


def forward_request(body: dict[str, Any], to: Destination, stream: bool, losses: Losses) -> bytes:
    """The caller's own request with the destination's model; without thoughts that another provider signed, and without
    what is said to the gateway alone.

    Raises Refusal through `losses`.
    """
    if body.get("background"):
        losses.refuse("background", "the reply would come before the work, and nobody would know what that costs")
    sent = {**body, "model": to.model}
    if stream:
        sent["stream"] = True
    if sent.get("store") is not True:
        sent.pop("metadata", None)  # ours, for attribution; it belongs to what the provider is told to keep
    items = body.get("input")
    if isinstance(items, list):
        sent["input"] = [kept for item in items if (kept := sendable(item)) is not None]
    return _encoded(sent, to, losses)


def _encoded(body: dict[str, Any], to: Destination, losses: Losses, translated: Ask | None = None) -> bytes:
    """As the provider's quirks want it. What stands in a translated request by our own wish is lost by nobody."""
    for name in to.quirks.refuses:
        value = body.pop(name, None)
        if value in (None, [], {}) or value in CHANGES_NOTHING.get(name, ()):
            continue
        if translated is None:
            losses.lose(name)
        elif name not in _HINTS and not _unasked(name, translated):
            losses.lose(_FIELDS.get(name, name))
    for name, there in to.quirks.renames.items():
        if name in body:
            body[there] = body.pop(name)
    return msgspec.json.encode(body)


def _unasked(name: str, ask: Ask) -> bool:
    """Whether nothing in this parameter is more than our own wish or a hint."""
    return (name == "include" and not ask.logprobs) or (name == "text" and not ask.format)


def _lose_unknown(ask: Ask, losses: Losses) -> None:
    lost = {
        "top_k": ask.top_k is not None,
        "stop": bool(ask.stop),
        "seed": ask.seed is not None,
        "n": ask.n not in (None, 1),
        "presence_penalty": bool(ask.presence_penalty),
        "frequency_penalty": bool(ask.frequency_penalty),
    }
    for name, said in lost.items():
        if said:
            losses.lose(name, "the Responses API does not know it")


def _tool(tool: Tool) -> dict[str, Any]:
    said: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        said["description"] = tool.description
    if tool.free:
        grammar = {"format": {"type": "grammar", **tool.grammar}} if tool.grammar else {}
        return {"type": "custom", **said, **grammar}
    schema = tool.schema if tool.schema is not None else {"type": "object", "properties": {}}
    return {"type": "function", **said, "parameters": schema, "strict": tool.strict is True}


def _choice(choice: ToolChoice, tools: list[Tool]) -> str | dict[str, Any]:
    if choice.mode != "named":
        return choice.mode
    free = any(tool.free for tool in tools if tool.name == choice.name)
    return {"type": "custom" if free else "function", "name": choice.name}


def _text(ask: Ask, to: Destination, losses: Losses) -> dict[str, Any] | None:
    text: dict[str, Any] = {}
    if ask.format:
        if ask.format.kind == "schema" and not to.quirks.json_schema:
            losses.lose("format", "it takes no JSON schema")
        text["format"] = _format(ask.format, to)
    if ask.verbosity is not None:
        text["verbosity"] = ask.verbosity
    return text or None


def _format(form: Format, to: Destination) -> dict[str, Any]:
    if form.kind == "json" or not to.quirks.json_schema:
        return {"type": "json_object"}
    said = {"type": "json_schema", "name": form.name, "schema": form.schema or {}, "strict": form.strict is True}
    return said if form.description is None else {**said, "description": form.description}


def _reasoning(ask: Ask, to: Destination, losses: Losses) -> dict[str, Any] | None:
    if ask.thinking is None:
        return None
    effort = ask.thinking.effort
    if effort is None and ask.thinking.budget is not None:
        budget = ask.thinking.budget
        effort = next((name for most, name in _EFFORT_UP_TO if budget <= most), "high")
    if to.facts.thinking == "none":
        if effort not in (None, "none"):
            losses.lose("thinking", "this model does not reason")
        return None
    if effort is not None and effort not in _EFFORTS:
        losses.lose("thinking", f"it knows no effort {effort!r}")
        effort = None
    said = {"effort": effort} if effort else {}
    if ask.thinking.shown and effort != "none":
        said["summary"] = "auto"
    return said or None


def _tier(ask: Ask, losses: Losses) -> str | None:
    if ask.service_tier is None:
        return None
    tier = _TIER_NAMES.get(ask.service_tier, ask.service_tier)
    if tier in _TIERS:
        return tier
    losses.lose("service_tier", f"it knows no tier {tier!r}")
    return None
