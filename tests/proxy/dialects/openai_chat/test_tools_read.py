"""Tools by the API reference of Chat Completions: functions, custom tools, the deprecated functions, tool choice."""

from typing import Any, Literal

import pytest

from proxy.canonical.ask import Tool, ToolChoice
from proxy.canonical.parts import CacheMark
from proxy.dialects.openai_chat.tools_read import is_legacy, read_tool_choice, read_tools
from proxy.refusal import Refusal

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}


def test_functions_and_custom_tools_are_read() -> None:
    others: dict[str, Any] = {}
    grammar = {"type": "grammar", "grammar": {"syntax": "lark", "definition": 'start: "a"'}}
    tools = read_tools(
        {
            "tools": [
                {
                    "type": "function",
                    "function": {"name": "weather", "description": "d", "parameters": SCHEMA, "strict": True},
                    "cache_control": {"type": "ephemeral"},
                },
                {"type": "custom", "custom": {"name": "shell", "description": "runs", "format": grammar}},
                {"type": "custom", "custom": {"name": "note", "format": {"type": "text"}}},
            ]
        },
        others,
    )
    assert tools == [
        Tool(name="weather", description="d", schema=SCHEMA, strict=True, cache=CacheMark()),
        Tool(
            name="shell",
            description="runs",
            free=True,
            grammar={"syntax": "lark", "definition": 'start: "a"'},
        ),
        Tool(name="note", free=True),
    ]
    assert others == {}


def test_a_tool_that_a_provider_runs_itself_is_kept_for_the_provider_that_can() -> None:
    others: dict[str, Any] = {}
    assert read_tools({"tools": [{"type": "web_search"}]}, others) == []
    assert others == {"tools[0]": {"type": "web_search"}}


def test_deprecated_functions_are_tools() -> None:
    body = {"functions": [{"name": "f", "parameters": SCHEMA}], "function_call": {"name": "f"}}
    assert read_tools(body, {}) == [Tool(name="f", schema=SCHEMA)]
    assert read_tool_choice(body, [], {})[0] == ToolChoice(mode="named", name="f")
    assert is_legacy(body)
    assert not is_legacy({"tools": [{"type": "function"}], "functions": body["functions"]})


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, None),
        ("auto", ToolChoice(mode="auto")),
        ("none", ToolChoice(mode="none")),
        ("required", ToolChoice(mode="required")),
        ({"type": "function", "function": {"name": "f"}}, ToolChoice(mode="named", name="f")),
        ({"type": "custom", "custom": {"name": "f"}}, ToolChoice(mode="named", name="f")),
    ],
)
def test_each_documented_choice_is_read(choice: object, expected: ToolChoice | None) -> None:
    tools = [Tool(name="f")]
    assert read_tool_choice({"tool_choice": choice}, tools, {}) == (expected, tools)


@pytest.mark.parametrize("mode", ["auto", "required"])
def test_allowed_tools_leave_those_that_are_named(mode: Literal["auto", "required"]) -> None:
    """openai/types/chat/chat_completion_allowed_tool_choice_param.py"""
    allowed = [{"type": "function", "function": {"name": "f"}}, {"type": "custom", "custom": {"name": "h"}}]
    choice = {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": allowed}}
    tools = [Tool(name=name) for name in "fgh"]
    others: dict[str, Any] = {}
    assert read_tool_choice({"tool_choice": choice}, tools, others) == (ToolChoice(mode=mode), [tools[0], tools[2]])
    assert others == {}


def test_the_choice_of_a_tool_that_a_provider_runs_is_kept_for_the_provider_that_can() -> None:
    others: dict[str, Any] = {}
    assert read_tool_choice({"tool_choice": {"type": "web_search"}}, [], others) == (None, [])
    assert others == {"tool_choice": {"type": "web_search"}}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"tools": {}}, "tools"),
        ({"tools": ["f"]}, "tools[0]"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": []}}]},
            "tools[0].function.parameters",
        ),
        (
            {"tools": [{"type": "custom", "custom": {"name": "f", "format": {"type": "grammar"}}}]},
            "tools[0].custom.format.grammar",
        ),
        ({"tool_choice": "sometimes"}, "tool_choice"),
        ({"tool_choice": {"type": "function"}}, "tool_choice.function"),
        ({"tool_choice": 1}, "tool_choice"),
        ({"tool_choice": {"type": "allowed_tools"}}, "tool_choice.allowed_tools"),
        ({"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "x"}}}, "tool_choice.allowed_tools.mode"),
    ],
)
def test_malformed_tools_are_a_400_with_their_path(body: dict[str, Any], param: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_tool_choice(body, read_tools(body, {}), {})
    assert (refused.value.status, refused.value.param) == (400, param)
