"""The caller's tools and the choice among them.

Functions and custom tools are translated. A tool that OpenAI runs itself (`web_search`, `mcp`, …) stands in the others
under `tools[i]`, and an option that says how a tool is offered under `tools[i].option`.
"""

from typing import Any, Literal

import msgspec

from proxy.canonical.ask import Tool, ToolChoice
from proxy.dialects.openai_responses.typed import typed
from proxy.refusal import bad_request

_MODES: tuple[Literal["auto", "none", "required"], ...] = ("auto", "none", "required")
_SAID = frozenset({"type", "name", "description", "parameters", "strict", "format"})
_CHANGES_NOTHING: tuple[Any, ...] = (None, False, ["direct"], {}, [])


class _Format(msgspec.Struct):
    type: Literal["text", "grammar"]
    syntax: str | None = None
    definition: str | None = None


class _Tool(msgspec.Struct):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None
    format: _Format | None = None


class _Named(msgspec.Struct):
    name: str


class _Allowed(msgspec.Struct):
    tools: list[dict[str, Any]]
    mode: Literal["auto", "required"] = "auto"


def read_tools(tools: list[dict[str, Any]], others: dict[str, Any]) -> list[Tool]:
    """The tools that any model can be told of; the rest goes to `others`. Raises Refusal (400)."""
    read = []
    for index, tool in enumerate(tools):
        where = f"tools[{index}]"
        kind = tool.get("type")
        if kind not in ("function", "custom"):
            others[where] = tool
            continue
        said = typed(tool, _Tool, where)
        free = kind == "custom"
        grammar = said.format if free and said.format and said.format.type == "grammar" else None
        read.append(
            Tool(
                name=said.name,
                description=said.description,
                schema=None if free else said.parameters,
                strict=None if free else said.strict,
                free=free,
                grammar={"syntax": grammar.syntax, "definition": grammar.definition} if grammar else None,
            )
        )
        for option in tool.keys() - _SAID:
            if tool[option] not in _CHANGES_NOTHING:
                others[f"{where}.{option}"] = tool[option]
    return read


def read_choice(
    choice: str | dict[str, Any], tools: list[Tool], others: dict[str, Any]
) -> tuple[ToolChoice | None, list[Tool]]:
    """The choice, and the tools that it leaves (`allowed_tools` names some of them). Raises Refusal (400)."""
    if isinstance(choice, str):
        for mode in _MODES:
            if choice == mode:
                return ToolChoice(mode=mode), tools
        raise bad_request("invalid_value", f"tool_choice: {choice!r} is none of {_MODES}.", param="tool_choice")
    kind = choice.get("type")
    if kind in ("function", "custom"):
        return ToolChoice(mode="named", name=typed(choice, _Named, "tool_choice").name), tools
    if kind == "allowed_tools":
        allowed = typed(choice, _Allowed, "tool_choice")
        names = {name for tool in allowed.tools if isinstance(name := tool.get("name"), str)}
        return ToolChoice(mode=allowed.mode), [tool for tool in tools if tool.name in names]
    others["tool_choice"] = choice
    return None, tools
