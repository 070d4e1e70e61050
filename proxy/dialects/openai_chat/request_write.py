"""`Ask` → the chat request that a provider gets.

Keeps true: every field of `Ask` is written, or lost by name; what the destination's quirks say it refuses is lost like
what chat cannot say.
"""

from typing import Any

import msgspec

from proxy.canonical.ask import Ask, Format, Thinking, Tool, ToolChoice
from proxy.canonical.losses import Losses
from proxy.canonical.others import lose_others
from proxy.dialects.dialect import Destination
from proxy.dialects.openai_chat.foreign_state import without_foreign_state
from proxy.dialects.openai_chat.messages_write import write_messages
from proxy.dialects.openai_chat.neutral import changes_nothing
from proxy.dialects.openai_chat.tap import upstream_body
from proxy.dialects.openai_sampling import sampling
from proxy.dialects.openai_user import user_id

_OWN_OTHERS = frozenset(
    {"logit_bias", "modalities", "audio", "prediction", "web_search_options", "prompt_cache_retention"}
    | {"prompt_cache_options"}
)
"""Parameters of OpenAI's own that mean the same whichever of its endpoints they were said to."""
_TIERS = frozenset({"auto", "default", "flex", "scale", "priority", "fast"})
_USUAL_TIERS = frozenset({"standard", "standard_only"})
"""Anthropic's words for what happens without a tier."""
_FIELD_OF = {
    "messages": "turns",
    "max_completion_tokens": "max_output",
    "parallel_tool_calls": "parallel_tools",
    "response_format": "format",
    "reasoning_effort": "thinking",
    "prompt_cache_key": "cache_key",
}
"""Parameter → field of `Ask`, where the names differ."""
_BUDGETS = ((0, "none"), (1024, "low"), (8192, "medium"))
"""Up to how many thinking tokens an effort reaches; more is `high`."""


def write(ask: Ask, to: Destination, losses: Losses) -> bytes:
    """Raises Refusal through `losses`."""
    body: dict[str, Any] = {"model": to.model, "messages": write_messages(ask.turns, to, losses)}
    _write_tools(ask, body, losses)
    effort = _effort(ask.thinking, to, losses)
    plain = {
        "max_completion_tokens": ask.max_output,
        **sampling(ask, to, effort, losses),
        "stop": ask.stop or None,
        "seed": ask.seed,
        "n": ask.n,
        "presence_penalty": ask.presence_penalty,
        "frequency_penalty": ask.frequency_penalty,
        "logprobs": ask.logprobs,
        "top_logprobs": ask.top_logprobs,
        "response_format": _format(ask.format, to, losses),
        "reasoning_effort": effort,
        "verbosity": ask.verbosity,
        "service_tier": _tier(ask.service_tier, losses),
        "user": user_id(ask.user),
        "prompt_cache_key": ask.cache_key,
    }
    body |= {name: value for name, value in plain.items() if value is not None}
    if ask.top_k is not None:
        losses.lose("top_k")
    body |= {name: ask.others[name] for name in ask.others if name in _OWN_OTHERS}
    lose_others(ask, losses, _OWN_OTHERS)
    if ask.stream:
        body["stream"] = True
        if to.quirks.stream_usage:
            body["stream_options"] = {"include_usage": True}
    return msgspec.json.encode(_bent(body, to, losses, _FIELD_OF))


def forward(body: dict[str, Any], to: Destination, stream: bool, losses: Losses) -> bytes:
    """The caller's own chat request, bent by the quirks of its destination, and without what others have sealed.

    Raises Refusal through `losses`.
    """
    quirks = to.quirks
    messages = body.get("messages")
    own = without_foreign_state(messages, quirks.reasoning_field)
    if own is not messages:
        body = {**body, "messages": own}
    if not quirks.refuses and not quirks.renames and quirks.stream_usage and quirks.json_schema:
        return upstream_body(body, to.model, stream)
    bent = dict(body)
    if not quirks.json_schema and _wants_schema(bent.get("response_format")):
        losses.lose("response_format", "it takes no JSON schema")
        bent["response_format"] = {"type": "json_object"}
    bent = _bent(bent, to, losses, {})
    if quirks.stream_usage:
        return upstream_body(bent, to.model, stream)
    bent.pop("stream_options", None)
    return upstream_body(bent, to.model, stream=False)


def _bent(body: dict[str, Any], to: Destination, losses: Losses, field_of: dict[str, str]) -> dict[str, Any]:
    """A request without what the destination refuses, and with its own names."""
    for name in to.quirks.refuses:
        if name in body and not changes_nothing(name, body.pop(name)):
            losses.lose(field_of.get(name, name))
    for name, renamed in to.quirks.renames.items():
        if name in body:
            body[renamed] = body.pop(name)
    return body


def _write_tools(ask: Ask, body: dict[str, Any], losses: Losses) -> None:
    if not ask.tools:
        if ask.tool_choice is not None and ask.tool_choice.mode in ("required", "named"):
            losses.lose("tool_choice", "there are no tools to choose from")
        return
    body["tools"] = [_tool(tool) for tool in ask.tools]
    if ask.tool_choice is not None:
        body["tool_choice"] = _tool_choice(ask.tool_choice, ask.tools)
    if ask.parallel_tools is not None:
        body["parallel_tool_calls"] = ask.parallel_tools


def _tool(tool: Tool) -> dict[str, Any]:
    said: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        said["description"] = tool.description
    if tool.free:
        if tool.grammar is not None:
            said["format"] = {"type": "grammar", "grammar": tool.grammar}
        return {"type": "custom", "custom": said}
    if tool.schema is not None:
        said["parameters"] = tool.schema
    if tool.strict is not None:
        said["strict"] = tool.strict
    return {"type": "function", "function": said}


def _tool_choice(choice: ToolChoice, tools: list[Tool]) -> str | dict[str, Any]:
    if choice.mode != "named":
        return choice.mode
    kind = "custom" if any(tool.free for tool in tools if tool.name == choice.name) else "function"
    return {"type": kind, kind: {"name": choice.name}}


def _format(wanted: Format | None, to: Destination, losses: Losses) -> dict[str, Any] | None:
    if wanted is None:
        return None
    if wanted.kind == "json":
        return {"type": "json_object"}
    if not to.quirks.json_schema:
        losses.lose("format", "it takes no JSON schema")
        return {"type": "json_object"}
    shape: dict[str, Any] = {"name": wanted.name, "schema": wanted.schema or {}}
    if wanted.description is not None:
        shape["description"] = wanted.description
    if wanted.strict is not None:
        shape["strict"] = wanted.strict
    return {"type": "json_schema", "json_schema": shape}


def _effort(thinking: Thinking | None, to: Destination, losses: Losses) -> str | None:
    """Whether thoughts are shown is the provider's own matter in this dialect, and the caller's writer hides them."""
    if thinking is None or (thinking.effort is None and thinking.budget is None):
        return None
    effort = thinking.effort
    if effort is None:
        budget = thinking.budget or 0
        effort = next((name for most, name in _BUDGETS if budget <= most), "high")
    known = to.facts.thinking
    if known == "none" and effort == "none":
        return None
    if known in ("none", "always"):
        losses.lose(
            "thinking", "the model does not think" if known == "none" else "how much it thinks is its own matter"
        )
        return None
    return effort


def _tier(tier: str | None, losses: Losses) -> str | None:
    if tier is None or tier in _TIERS:
        return tier
    if tier not in _USUAL_TIERS:
        losses.lose("service_tier")
    return None


def _wants_schema(response_format: object) -> bool:
    return isinstance(response_format, dict) and response_format.get("type") == "json_schema"
