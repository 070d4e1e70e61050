"""Tools and the choice among them (openai/types/responses/tool_param.py, tool_choice_*.py)."""

import time
from typing import Any

import pytest

from proxy.canonical.ask import Tool, ToolChoice
from proxy.dialects.openai_responses.tools_read import read_choice, read_tools
from proxy.refusal import Refusal

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER = {"type": "function", "name": "weather", "description": "d", "parameters": SCHEMA, "strict": True}
PATCH = {
    "type": "custom",
    "name": "patch",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: /x/"},
}


def test_functions_and_custom_tools_are_read() -> None:
    others: dict[str, Any] = {}
    assert read_tools([WEATHER, PATCH, {"type": "custom", "name": "say", "format": {"type": "text"}}], others) == [
        Tool(name="weather", description="d", schema=SCHEMA, strict=True),
        Tool(name="patch", free=True, grammar={"syntax": "lark", "definition": "start: /x/"}),
        Tool(name="say", free=True),
    ]
    assert others == {}


@pytest.mark.parametrize(
    "kind", ["web_search", "file_search", "code_interpreter", "mcp", "computer", "local_shell", "image_generation"]
)
def test_what_openai_runs_itself_is_left_for_others_to_refuse(kind: str) -> None:
    others: dict[str, Any] = {}
    assert [tool.name for tool in read_tools([WEATHER, {"type": kind}], others)] == ["weather"]
    assert others == {"tools[1]": {"type": kind}}


def test_options_that_change_something_are_not_forgotten() -> None:
    others: dict[str, Any] = {}
    read_tools([{**WEATHER, "defer_loading": True, "async": None, "allowed_callers": ["direct"]}], others)
    assert others == {"tools[0].defer_loading": True}


def test_a_tool_without_a_name_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        read_tools([{"type": "function", "parameters": {}}], {})
    assert refused.value.param == "tools[0].name"


@pytest.mark.parametrize("mode", ["auto", "none", "required"])
def test_modes(mode: Any) -> None:
    assert read_choice(mode, [], {}) == (ToolChoice(mode=mode), [])


def test_one_tool_by_name() -> None:
    tools = [Tool(name="weather")]
    expected = (ToolChoice(mode="named", name="weather"), tools)
    assert read_choice({"type": "function", "name": "weather"}, tools, {}) == expected
    assert read_choice({"type": "custom", "name": "weather"}, tools, {}) == expected


def test_allowed_tools_leave_those_that_are_named() -> None:
    tools = [Tool(name="a"), Tool(name="b"), Tool(name="c")]
    allowed = {
        "type": "allowed_tools",
        "mode": "required",
        "tools": [{"type": "function", "name": "a"}, {"type": "function", "name": "c"}],
    }
    assert read_choice(allowed, tools, {}) == (ToolChoice(mode="required"), [tools[0], tools[2]])


def test_many_allowed_tools_among_many_take_no_longer_than_they_are_many() -> None:
    tools = [Tool(name=f"a{at}") for at in range(20_000)]
    allowed = {"type": "allowed_tools", "tools": [{"name": f"b{at}"} for at in range(20_000)] + [{"name": ["a1"]}]}
    begun = time.process_time()
    assert read_choice(allowed, tools, {}) == (ToolChoice(mode="auto"), [])
    assert time.process_time() - begun < 1  # 5 s where each is held against all


def test_a_choice_that_only_openai_knows_is_not_forgotten() -> None:
    others: dict[str, Any] = {}
    assert read_choice({"type": "web_search_preview"}, [], others) == (None, [])
    assert others == {"tool_choice": {"type": "web_search_preview"}}


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        read_choice("sometimes", [], {})
    assert refused.value.param == "tool_choice"
