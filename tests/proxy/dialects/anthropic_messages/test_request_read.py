"""Requests of apps that speak Messages (platform.claude.com/docs/en/api/messages)."""

from typing import Any

import pytest

from proxy.canonical.ask import Ask, Format, Thinking, Tool, ToolChoice, Turn
from proxy.canonical.parts import CacheMark, Text
from proxy.dialects.anthropic_messages.request_read import read_request
from proxy.refusal import Refusal

HELLO = [{"role": "user", "content": "Hello, world"}]
PLAIN: dict[str, Any] = {"model": "claude-sonnet-4-5", "max_tokens": 1024, "messages": HELLO}
SCHEMA = {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]}


def read(**fields: Any) -> Ask:
    return read_request(PLAIN | fields)


def test_a_plain_request() -> None:
    assert read() == Ask(turns=[Turn(role="user", parts=[Text(text="Hello, world")])], max_output=1024)


def test_everything_that_the_canonical_form_knows() -> None:
    ask = read(
        stream=True,
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        stop_sequences=["END"],
        metadata={"user_id": "u-1", "team": "ours"},
        service_tier="standard_only",
    )
    assert (ask.stream, ask.temperature, ask.top_p, ask.top_k, ask.stop) == (True, 0.5, 0.9, 40, ["END"])
    assert (ask.user, ask.service_tier, ask.others) == ("u-1", "default", {})


def test_instructions_come_first() -> None:
    turns = read(
        system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    ).turns
    assert turns[0] == Turn(role="system", parts=[Text(text="Be brief.", cache=CacheMark(ttl="1h"))])
    assert read(system="Be brief.").turns[0] == Turn(role="system", parts=[Text(text="Be brief.")])
    assert read(system="").turns == read().turns


def test_instructions_may_come_later() -> None:
    messages = [*HELLO, {"role": "system", "content": "Now in French."}, {"role": "assistant", "content": "Salut"}]
    assert [turn.role for turn in read(messages=messages).turns] == ["user", "system", "assistant"]


def test_tools_and_their_options() -> None:
    ask = read(
        tools=[
            {
                "name": "get_weather",
                "description": "Weather of a place",
                "input_schema": SCHEMA,
                "strict": True,
                "cache_control": {"type": "ephemeral"},
                "eager_input_streaming": True,
                "allowed_callers": ["direct"],
            },
            {"type": "custom", "name": "f", "input_schema": {"type": "object"}, "input_examples": [{"a": 1}]},
        ]
    )
    assert ask.tools == [
        Tool(name="get_weather", description="Weather of a place", schema=SCHEMA, strict=True, cache=CacheMark()),
        Tool(name="f", schema={"type": "object"}),
    ]
    assert ask.others == {"tools[1].input_examples": [{"a": 1}]}


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 5},
        {"type": "bash_20250124", "name": "bash"},
        {"type": "code_execution_20250825", "name": "code_execution"},
        {"type": "browser_toolset_20260801"},
    ],
)
def test_tools_of_the_provider_are_kept_apart_whole(tool: dict[str, Any]) -> None:
    ask = read(tools=[{"name": "f", "input_schema": {"type": "object"}}, tool])
    assert ([each.name for each in ask.tools], ask.others) == (["f"], {"tools[1]": tool})


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"type": "auto"}, ToolChoice(mode="auto")),
        ({"type": "any"}, ToolChoice(mode="required")),
        ({"type": "none"}, ToolChoice(mode="none")),
        ({"type": "tool", "name": "f"}, ToolChoice(mode="named", name="f")),
    ],
)
def test_the_choice_of_tools(choice: dict[str, Any], expected: ToolChoice) -> None:
    assert read(tool_choice=choice).tool_choice == expected
    assert read(tool_choice=choice).parallel_tools is None
    assert read(tool_choice=choice | {"disable_parallel_tool_use": False}).parallel_tools is None
    assert read(tool_choice=choice | {"disable_parallel_tool_use": True}).parallel_tools is False


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"thinking": {"type": "enabled", "budget_tokens": 2048}}, Thinking(budget=2048)),
        ({"thinking": {"type": "disabled"}}, Thinking(budget=0)),
        ({"thinking": {"type": "between_tools"}}, Thinking(budget=0)),
        ({"thinking": {"type": "adaptive"}}, Thinking()),
        ({"thinking": {"type": "adaptive", "display": "omitted"}}, Thinking(shown=False)),
        ({"thinking": {"type": "adaptive", "display": "summarized"}}, Thinking(shown=True)),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}, Thinking(effort="max")),
        ({"output_config": {"effort": "low"}}, Thinking(effort="low")),
        ({"thinking": {"type": "disabled"}, "output_config": {"effort": "low"}}, Thinking(budget=0)),
        ({"output_config": {}}, None),
        ({"thinking": None}, None),
    ],
)
def test_how_much_to_think(fields: dict[str, Any], expected: Thinking | None) -> None:
    assert read(**fields).thinking == expected


@pytest.mark.parametrize("field", ["output_config", "output_format"])
def test_the_form_of_the_reply_by_its_new_and_its_old_name(field: str) -> None:
    form = {"type": "json_schema", "schema": SCHEMA}
    ask = read(**{field: {"format": form} if field == "output_config" else form})
    assert ask.format == Format(kind="schema", schema=SCHEMA)
    assert ask.others == {}


def test_a_cache_mark_of_the_whole_request_is_on_its_last_block() -> None:
    ask = read(cache_control={"type": "ephemeral", "ttl": "5m"})
    assert ask.turns[-1].parts == [Text(text="Hello, world", cache=CacheMark(ttl="5m"))]
    assert ask.others == {}


def test_what_has_no_place_is_never_forgotten() -> None:
    others = {
        "container": "container_1",
        "mcp_servers": [{"type": "url", "url": "https://m.example", "name": "m"}],
        "speed": "fast",
        "inference_geo": "us",
        "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]},
        "thread": {"id": "t"},
        "user_profile_id": "p",
        "a_new_parameter": 1,
    }
    assert read(**others).others == others
    assert read(output_config={"task_budget": {"total": 9}}).others == {"output_config.task_budget": {"total": 9}}
    late = [*HELLO, {"role": "system", "content": "x", "clear_at": "y"}]
    assert read(messages=late).others == {"messages[1].clear_at": "y"}


def test_what_changes_nothing_is_no_parameter() -> None:
    ask = read(
        container=None,
        mcp_servers=[],
        speed="standard",
        service_tier="auto",
        diagnostics={"previous_message_id": "msg_1"},
        context_management={"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        metadata=None,
    )
    assert ask == read()


def test_a_count_needs_no_max_tokens() -> None:
    assert read_request({"model": "m", "messages": HELLO}, counting=True).max_output is None


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": ["hi"]}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        (
            {"messages": [{"role": "system", "content": [{"type": "image", "source": {"type": "url", "url": "u"}}]}]},
            "messages[0].content",
        ),
        ({"system": 7}, "system"),
        ({"tools": [{"name": "f"}]}, "tools[0].input_schema"),
        ({"tools": [{"input_schema": {}}]}, "tools[0].name"),
        ({"tool_choice": {"type": "maybe"}}, "tool_choice.type"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"thinking": {"type": "deep"}}, "thinking.type"),
        ({"thinking": {"type": "enabled", "budget_tokens": "all"}}, "thinking.budget_tokens"),
        ({"output_config": {"format": {"type": "grammar"}}}, "output_config.format"),
        ({"stop_sequences": "END"}, "stop_sequences"),
        ({"metadata": {"user_id": 7}}, "metadata.user_id"),
    ],
)
def test_a_malformed_request_is_told_where(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(Refusal) as raised:
        read(**fields)
    assert (raised.value.status, raised.value.param) == (400, param)
    assert param in raised.value.message


def test_no_request_is_changed_by_being_read() -> None:
    body = PLAIN | {"cache_control": {"type": "ephemeral"}, "metadata": {"user_id": "u"}, "tools": [{"type": "x"}]}
    before = repr(body)
    read_request(body)
    assert repr(body) == before
