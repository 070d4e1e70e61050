"""`ToolConfiguration` of the Converse API reference; that it must be there: vxcontrol/pentagi #196."""

from typing import Any

import pytest

from proxy.canonical.ask import Ask, Tool, ToolChoice, Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import CacheMark, ToolCall
from proxy.dialects.bedrock_converse.families import family
from proxy.dialects.bedrock_converse.messages_write import MessagesWriter
from proxy.dialects.bedrock_converse.tools_write import tool_config
from proxy.refusal import Refusal

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER = Tool(name="weather", description="Of a city.", schema=SCHEMA, strict=True)
CALLED = Turn(role="assistant", parts=[ToolCall(id="t1", name="clock", arguments="{}")])


def config(*turns: Turn, model: str = CLAUDE, drop: bool = False, **asked: Any) -> dict[str, Any]:
    losses = Losses("aws", drop=drop)
    messages = MessagesWriter(family(model), losses, images=True)
    messages.add(turns)
    return tool_config(Ask(turns=list(turns), **asked), messages, family(model), losses)


def test_tools_are_declared_with_their_schemas() -> None:
    spec = {"name": "weather", "description": "Of a city.", "inputSchema": {"json": SCHEMA}, "strict": True}
    bare = {"name": "now", "inputSchema": {"json": {"type": "object", "properties": {}}}}
    assert config(tools=[WEATHER, Tool(name="now")]) == {"tools": [{"toolSpec": spec}, {"toolSpec": bare}]}


def test_what_a_model_does_not_know_is_not_said() -> None:
    marked = Tool(name="now", strict=True, cache=CacheMark())
    claude = config(tools=[marked])["tools"]
    assert claude[0]["toolSpec"]["strict"] is True
    assert claude[1] == {"cachePoint": {"type": "default"}}
    nova = config(tools=[marked], model="amazon.nova-pro-v1:0")["tools"]
    assert len(nova) == 1
    assert "strict" not in nova[0]["toolSpec"]


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (ToolChoice(mode="auto"), None),
        (ToolChoice(mode="required"), {"any": {}}),
        (ToolChoice(mode="named", name="weather"), {"tool": {"name": "weather"}}),
    ],
)
def test_choices_are_carried(choice: ToolChoice, said: dict[str, Any] | None) -> None:
    assert config(tools=[WEATHER], tool_choice=choice).get("toolChoice") == said


def test_no_tool_is_no_tools() -> None:
    assert config(tools=[WEATHER], tool_choice=ToolChoice(mode="none")) == {}
    with pytest.raises(Refusal, match="tool_choice"):
        config(CALLED, tools=[WEATHER], tool_choice=ToolChoice(mode="none"))
    kept = config(CALLED, tools=[WEATHER], tool_choice=ToolChoice(mode="none"), drop=True)
    assert "toolChoice" not in kept
    assert len(kept["tools"]) == 1


def test_tools_that_were_called_are_declared_where_none_is_offered() -> None:
    bare = {"name": "clock", "inputSchema": {"json": {"type": "object", "properties": {}}}}
    assert config(CALLED) == {"tools": [{"toolSpec": bare}]}
    assert config() == {}


def test_what_bedrock_cannot_be_told_is_named() -> None:
    with pytest.raises(Refusal, match="parallel_tools"):
        config(tools=[WEATHER, Tool(name="now")], parallel_tools=False)


def test_a_tool_of_free_text_is_a_function_of_one_text() -> None:
    (tool,) = config(tools=[Tool(name="patch", free=True)])["tools"]
    assert tool["toolSpec"]["inputSchema"]["json"] == {
        "type": "object",
        "properties": {"input": {"type": "string"}},
        "required": ["input"],
        "additionalProperties": False,
    }


def test_of_one_tool_alone_nothing_has_to_be_forbidden() -> None:
    assert config(tools=[WEATHER], parallel_tools=False) == config(tools=[WEATHER])
    named = {"tools": [WEATHER, Tool(name="now")], "tool_choice": ToolChoice(mode="named", name="weather")}
    assert config(parallel_tools=False, **named) == config(**named)
