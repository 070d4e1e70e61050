"""Tools for Anthropic (platform.claude.com/docs/en/agents-and-tools/tool-use)."""

from typing import Any

import pytest

from proxy.canonical.ask import Ask, Tool, ToolChoice
from proxy.canonical.losses import Losses
from proxy.canonical.parts import CacheMark
from proxy.dialects.anthropic_messages.claude import claude
from proxy.dialects.anthropic_messages.tools_write import closed, write_choice, write_tools
from proxy.refusal import Refusal

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
F = Tool(name="f", schema=SCHEMA)


def test_a_tool() -> None:
    tool = Tool(name="f", description="Does it", schema=SCHEMA, cache=CacheMark(ttl="1h"), strict=False)
    assert write_tools(Ask(turns=[], tools=[tool])) == [
        {
            "name": "f",
            "description": "Does it",
            "input_schema": SCHEMA,
            "cache_control": {"type": "ephemeral", "ttl": "1h"},
        }
    ]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (None, {"type": "object", "properties": {}}),
        ({}, {"type": "object", "properties": {}}),
        ({"properties": {"a": {}}}, {"type": "object", "properties": {"a": {}}}),
        ({"type": ["object", "null"]}, {"type": "object"}),
    ],
)
def test_every_schema_is_of_an_object(schema: dict[str, Any] | None, expected: dict[str, Any]) -> None:
    (tool,) = write_tools(Ask(turns=[], tools=[Tool(name="f", schema=schema)]))
    assert tool == {"name": "f", "input_schema": expected}


def test_a_strict_tool_has_a_closed_schema() -> None:
    (tool,) = write_tools(Ask(turns=[], tools=[Tool(name="f", schema=SCHEMA, strict=True)]))
    assert (tool["strict"], tool["input_schema"]["additionalProperties"]) == (True, False)
    assert "additionalProperties" not in SCHEMA


def test_a_tool_that_takes_free_text_is_one_that_takes_a_text() -> None:
    assert write_tools(Ask(turns=[], tools=[Tool(name="sql", description="Asks.", free=True)])) == [
        {
            "name": "sql",
            "description": "Asks.",
            "input_schema": {
                "type": "object",
                "properties": {"input": {"type": "string"}},
                "required": ["input"],
                "additionalProperties": False,
            },
        }
    ]


@pytest.mark.parametrize(
    ("choice", "parallel", "expected"),
    [
        (None, None, None),
        (None, True, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice(mode="auto"), None, None),
        (ToolChoice(mode="none"), False, {"type": "none"}),
        (ToolChoice(mode="required"), None, {"type": "any"}),
        (ToolChoice(mode="required"), False, {"type": "any", "disable_parallel_tool_use": True}),
        (ToolChoice(mode="named", name="f"), None, {"type": "tool", "name": "f"}),
    ],
)
def test_the_choice(choice: ToolChoice | None, parallel: bool | None, expected: dict[str, Any] | None) -> None:
    ask = Ask(turns=[], tools=[F], tool_choice=choice, parallel_tools=parallel)
    assert write_choice(ask, claude("claude-sonnet-4-5"), Losses("p")) == expected
    assert write_choice(Ask(turns=[], tool_choice=choice), claude(""), Losses("p")) is None


def test_a_model_that_cannot_be_forced_is_left_free_where_parameters_are_dropped() -> None:
    ask = Ask(turns=[], tools=[F], tool_choice=ToolChoice(mode="required"))
    losses = Losses("p", drop=True)
    assert write_choice(ask, claude("claude-opus-5-5"), losses) is None
    assert losses.dropped == ["tool_choice"]
    with pytest.raises(Refusal):
        write_choice(ask, claude("claude-opus-5-5"), Losses("p"))


def test_objects_within_a_schema_are_closed_too() -> None:
    inner = {"type": "object", "properties": {}}
    said_otherwise = {"type": "object", "additionalProperties": {"type": "string"}}
    schema = {
        "type": "object",
        "properties": {"list": {"type": "array", "items": inner}, "map": said_otherwise, "no": {"enum": [inner]}},
        "$defs": {"x": inner},
        "anyOf": [inner],
    }
    shut = inner | {"additionalProperties": False}
    assert closed(schema) == {
        "type": "object",
        "properties": {"list": {"type": "array", "items": shut}, "map": said_otherwise, "no": {"enum": [inner]}},
        "$defs": {"x": shut},
        "anyOf": [shut],
        "additionalProperties": False,
    }
