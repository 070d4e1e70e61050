"""Tools → Converse's `toolConfig`.

It must be there where the messages hold calls or results, so tools that were called and are no longer offered are
declared by their names. There is no choice `none`: the tools are left out.
"""

from typing import Any

from proxy.canonical.ask import Ask, Tool
from proxy.canonical.free_calls import as_function
from proxy.canonical.losses import Losses
from proxy.dialects.bedrock_converse.families import Family
from proxy.dialects.bedrock_converse.messages_write import MessagesWriter

ANY_OBJECT = {"type": "object", "properties": {}}


def tool_config(ask: Ask, messages: MessagesWriter, family: Family, losses: Losses) -> dict[str, Any]:
    """Empty where there are none. Raises Refusal through `losses`."""
    mode = ask.tool_choice.mode if ask.tool_choice else "auto"
    if mode == "none" and not messages.tool_names:
        return {}
    tools: list[dict[str, Any]] = []
    for tool in ask.tools:
        tools.append({"toolSpec": _spec(as_function(tool), family)})
        tools += messages.cache_point(tool.cache) if family.cache_tools else []
    if not tools:
        return (
            {"tools": [{"toolSpec": _spec(Tool(name=name), family)} for name in messages.tool_names]}
            if (messages.tool_names)
            else {}
        )
    config: dict[str, Any] = {"tools": tools}
    if mode == "none":
        losses.lose("tool_choice", "it cannot be kept from calling tools that were called before")
        return config
    if ask.one_call_at_once:
        losses.lose("parallel_tools", "it decides itself how many tools it calls at once")
    if mode == "required":
        config["toolChoice"] = {"any": {}}
    elif mode == "named" and ask.tool_choice:
        config["toolChoice"] = {"tool": {"name": ask.tool_choice.name}}
    return config


def _spec(tool: Tool, family: Family) -> dict[str, Any]:
    schema = tool.schema or ANY_OBJECT
    if schema.get("type") != "object":
        schema = {**schema, "type": "object"}
    spec: dict[str, Any] = {"name": tool.name, "inputSchema": {"json": schema}}
    if tool.description:
        spec["description"] = tool.description
    if tool.strict and family.schemas:
        spec["strict"] = True
    return spec
