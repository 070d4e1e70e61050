"""Functions, and which of them must be called → Google's `tools` and `toolConfig`.

Schemas go as they are, in `parametersJsonSchema`. A tool that demands calls which follow its schema (`strict`) puts a
free choice into the mode VALIDATED, which promises that (ai.google.dev/gemini-api/docs/function-calling).
"""

from typing import Any

from proxy.canonical.ask import Ask, Tool
from proxy.canonical.free_calls import as_function
from proxy.canonical.losses import Losses

_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY", "named": "ANY"}


def write_tools(ask: Ask, losses: Losses) -> dict[str, Any]:
    """The request's `tools` and `toolConfig`; empty where there are none. Raises Refusal through `losses`."""
    functions = [_declaration(as_function(tool)) for tool in ask.tools]
    if not functions:
        return {}
    choice = ask.tool_choice
    mode = choice.mode if choice else "auto"
    if ask.one_call_at_once and mode != "none":
        losses.lose("parallel_tools", "it decides itself how many tools it calls at once")
    said: dict[str, Any] = {"tools": [{"functionDeclarations": functions}]}
    if mode == "auto" and any(tool.strict for tool in ask.tools):
        said["toolConfig"] = {"functionCallingConfig": {"mode": "VALIDATED"}}
    elif choice:
        calling: dict[str, Any] = {"mode": _MODES[mode]}
        if mode == "named" and choice.name:
            calling["allowedFunctionNames"] = [choice.name]
        said["toolConfig"] = {"functionCallingConfig": calling}
    return said


def _declaration(tool: Tool) -> dict[str, Any]:
    said: dict[str, Any] = {"name": tool.name}
    if tool.description:
        said["description"] = tool.description
    if tool.schema:
        said["parametersJsonSchema"] = tool.schema
    return said
