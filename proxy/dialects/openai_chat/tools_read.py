"""Tools and tool choice of a chat request, the deprecated functions among them.

What has no place in the canonical form goes to the `others` that are handed in, under the caller's own name.
"""

from typing import Any

from proxy.canonical.ask import Tool, ToolChoice
from proxy.dialects.openai_chat import fields
from proxy.dialects.openai_chat.content_read import cache_mark

_MODES = ("none", "auto", "required")


def read_tools(body: dict[str, Any], others: dict[str, Any]) -> list[Tool]:
    """`tools`, or else `functions`; tools that a provider would run itself go to `others`. Raises Refusal."""
    tools: list[Tool] = []
    for at, value in enumerate(fields.array(body, "tools") or ()):
        path = f"tools[{at}]"
        tool = fields.as_mapping(value, path)
        match fields.required_text(tool, "type", path):
            case "function":
                tools.append(_function(fields.required_mapping(tool, "function", path), f"{path}.function"))
            case "custom":
                tools.append(_custom(fields.required_mapping(tool, "custom", path), f"{path}.custom"))
            case _:
                others[path] = tool
                continue
        tools[-1].cache = cache_mark(tool, path) or tools[-1].cache
    if not tools:
        for at, value in enumerate(fields.array(body, "functions") or ()):
            tools.append(_function(fields.as_mapping(value, f"functions[{at}]"), f"functions[{at}]"))
    return tools


def read_tool_choice(
    body: dict[str, Any], tools: list[Tool], others: dict[str, Any]
) -> tuple[ToolChoice | None, list[Tool]]:
    """`tool_choice`, or else `function_call`, and the tools that it leaves (`allowed_tools` names some of them).

    Raises Refusal.
    """
    choice = body.get("tool_choice")
    if choice is None:
        return _function_choice(body.get("function_call")), tools
    if isinstance(choice, str):
        return _mode(choice, "tool_choice"), tools
    choice = fields.as_mapping(choice, "tool_choice")
    match fields.required_text(choice, "type", "tool_choice"):
        case ("function" | "custom") as kind:
            named = fields.required_mapping(choice, kind, "tool_choice")
            return ToolChoice(mode="named", name=fields.required_text(named, "name", f"tool_choice.{kind}")), tools
        case "allowed_tools":
            return _allowed(fields.required_mapping(choice, "allowed_tools", "tool_choice"), tools)
        case _:
            others["tool_choice"] = choice
            return None, tools


def is_legacy(body: dict[str, Any]) -> bool:
    """Whether the caller knows functions only, so that its reply must name them so."""
    return bool(body.get("functions")) and not body.get("tools")


def _function(function: dict[str, Any], path: str) -> Tool:
    return Tool(
        name=fields.required_text(function, "name", path),
        description=fields.text(function, "description", path),
        schema=fields.mapping(function, "parameters", path),
        strict=fields.boolean(function, "strict", path),
        cache=cache_mark(function, path),
    )


def _custom(custom: dict[str, Any], path: str) -> Tool:
    grammar = None
    shape = fields.mapping(custom, "format", path)
    if shape is not None and fields.text(shape, "type", f"{path}.format") == "grammar":
        where = f"{path}.format.grammar"
        given = fields.required_mapping(shape, "grammar", f"{path}.format")
        grammar = {key: fields.required_text(given, key, where) for key in ("syntax", "definition")}
    return Tool(
        name=fields.required_text(custom, "name", path),
        description=fields.text(custom, "description", path),
        free=True,
        grammar=grammar,
    )


def _allowed(choice: dict[str, Any], tools: list[Tool]) -> tuple[ToolChoice, list[Tool]]:
    path = "tool_choice.allowed_tools"
    mode = fields.one_of(fields.text(choice, "mode", path), ("auto", "required"), f"{path}.mode") or "auto"
    names = set()
    for at, value in enumerate(fields.array(choice, "tools", path) or ()):
        tool = fields.as_mapping(value, f"{path}.tools[{at}]")
        named = tool.get(str(tool.get("type")))
        if isinstance(named, dict) and isinstance(name := named.get("name"), str):
            names.add(name)
    return ToolChoice(mode=mode), [tool for tool in tools if tool.name in names]  # type: ignore[arg-type]


def _function_choice(choice: object) -> ToolChoice | None:
    if choice is None:
        return None
    if isinstance(choice, str):
        return _mode(choice, "function_call")
    named = fields.as_mapping(choice, "function_call")
    return ToolChoice(mode="named", name=fields.required_text(named, "name", "function_call"))


def _mode(choice: str, path: str) -> ToolChoice:
    fields.one_of(choice, _MODES, path)
    return ToolChoice(mode=choice)  # type: ignore[arg-type]
