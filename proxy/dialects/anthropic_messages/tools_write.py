"""Tools, their choice, and schemas as Anthropic takes them."""

from typing import Any

from proxy.canonical.ask import Ask, Tool
from proxy.canonical.free_calls import as_function
from proxy.canonical.losses import Losses
from proxy.dialects.anthropic_messages.claude import Claude


def write_tools(ask: Ask) -> list[dict[str, Any]]:
    return [_tool(as_function(tool)) for tool in ask.tools]


def write_choice(ask: Ask, model: Claude, losses: Losses) -> dict[str, Any] | None:
    """None: the model is free to choose, which need not be said."""
    if not ask.tools:
        return None
    choice = ask.tool_choice
    mode = choice.mode if choice else "auto"
    if mode == "none":
        return {"type": "none"}
    if mode in ("required", "named") and not model.forced_tools:
        losses.lose("tool_choice", "this model cannot be forced to call a tool")
        mode = "auto"
    alone = {"disable_parallel_tool_use": True} if ask.parallel_tools is False else {}
    if mode == "named" and choice:
        return {"type": "tool", "name": choice.name, **alone}
    if mode == "required":
        return {"type": "any", **alone}
    return {"type": "auto", **alone} if alone else None


def closed(schema: Any) -> Any:
    """A JSON schema whose objects admit no more properties than they name, unless they say otherwise: Anthropic
    demands that it be said of structured output, and whatever fits the closed schema fits the open one."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inside = {name: value if name in ("enum", "const", "default") else closed(value) for name, value in schema.items()}
    if inside.get("type") == "object" and "additionalProperties" not in inside:
        inside["additionalProperties"] = False
    return inside


def _tool(tool: Tool) -> dict[str, Any]:
    schema = tool.schema or {"properties": {}}
    if schema.get("type") != "object":
        schema = {**schema, "type": "object"}
    written: dict[str, Any] = {"name": tool.name, "input_schema": closed(schema) if tool.strict else schema}
    if tool.description:
        written["description"] = tool.description
    if tool.strict:
        written["strict"] = True
    if tool.cache:
        ttl = {"ttl": tool.cache.ttl} if tool.cache.ttl else {}
        written["cache_control"] = {"type": "ephemeral", **ttl}
    return written
