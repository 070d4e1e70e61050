"""`tools` and `toolConfig` as ai.google.dev/gemini-api/docs/function-calling shows them."""

from typing import Any

import pytest

from proxy.canonical.ask import Ask, Tool, ToolChoice
from proxy.canonical.losses import Losses
from proxy.dialects.gemini.tools import write_tools
from proxy.refusal import Refusal

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
ONE_TEXT = {
    "type": "object",
    "properties": {"input": {"type": "string"}},
    "required": ["input"],
    "additionalProperties": False,
}
WEATHER = Tool(name="weather", description="Of a city.", schema=SCHEMA)
DECLARED = {"name": "weather", "description": "Of a city.", "parametersJsonSchema": SCHEMA}


def tools(*given: Tool, **asked: Any) -> dict[str, Any]:
    return write_tools(Ask(turns=[], tools=list(given), **asked), Losses("google"))


def test_functions_are_declared_with_their_schemas() -> None:
    assert tools(WEATHER, Tool(name="now")) == {"tools": [{"functionDeclarations": [DECLARED, {"name": "now"}]}]}


@pytest.mark.parametrize(
    ("choice", "calling"),
    [
        (ToolChoice(mode="auto"), {"mode": "AUTO"}),
        (ToolChoice(mode="none"), {"mode": "NONE"}),
        (ToolChoice(mode="required"), {"mode": "ANY"}),
        (ToolChoice(mode="named", name="weather"), {"mode": "ANY", "allowedFunctionNames": ["weather"]}),
    ],
)
def test_choices_become_modes(choice: ToolChoice, calling: dict[str, Any]) -> None:
    assert tools(WEATHER, tool_choice=choice)["toolConfig"] == {"functionCallingConfig": calling}


def test_calls_that_must_follow_their_schema_are_validated() -> None:
    strict = Tool(name="weather", schema=SCHEMA, strict=True)
    assert tools(strict)["toolConfig"] == {"functionCallingConfig": {"mode": "VALIDATED"}}
    required = tools(strict, tool_choice=ToolChoice(mode="required"))
    assert required["toolConfig"] == {"functionCallingConfig": {"mode": "ANY"}}


def test_one_call_at_a_time_cannot_be_asked_for() -> None:
    with pytest.raises(Refusal, match="parallel_tools"):
        tools(WEATHER, Tool(name="now"), parallel_tools=False)
    assert tools(parallel_tools=False) == {}
    assert "toolConfig" not in tools(WEATHER, parallel_tools=True)


def test_of_one_tool_alone_nothing_has_to_be_forbidden() -> None:
    assert tools(WEATHER, parallel_tools=False) == {"tools": [{"functionDeclarations": [DECLARED]}]}
    named = ToolChoice(mode="named", name="weather")
    assert "toolConfig" in tools(WEATHER, Tool(name="now"), tool_choice=named, parallel_tools=False)


def test_a_tool_of_free_text_is_a_function_of_one_text() -> None:
    assert tools(Tool(name="patch", description="Edits.", free=True)) == {
        "tools": [
            {"functionDeclarations": [{"name": "patch", "description": "Edits.", "parametersJsonSchema": ONE_TEXT}]}
        ]
    }
