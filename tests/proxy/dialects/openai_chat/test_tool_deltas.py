"""Pieces of tool calls as providers send them: OpenAI's way, and each known way of departing from it."""

from typing import Any

import msgspec
import pytest

from proxy.canonical.events import ArgumentsAdded, Event, ToolCalled
from proxy.dialects.openai_chat.tool_deltas import ToolDelta, ToolDeltas
from proxy.dialects.provider_error import NotThisDialect


def calls(*chunks: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """(id, name, arguments) of each call, in their order, out of the pieces of one choice."""
    deltas = ToolDeltas(0)
    events: list[Event] = []
    for chunk in chunks:
        deltas.read(msgspec.convert(chunk, list[ToolDelta]), events)
    heads = {event.tool: event for event in events if isinstance(event, ToolCalled)}
    arguments = dict.fromkeys(heads, "")
    for event in events:
        if isinstance(event, ArgumentsAdded):
            arguments[event.tool] += event.text
    assert list(heads) == list(range(len(heads)))
    assert deltas.count == len(heads)
    return [(heads[tool].id, heads[tool].name, arguments[tool]) for tool in heads]


def head(index: int | None, call_id: str | None, name: str | None, arguments: Any = "") -> dict[str, Any]:
    return {"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def more(index: int | None, arguments: str) -> dict[str, Any]:
    return {"index": index, "function": {"arguments": arguments}}


TWO = [("a", "f", '{"x":1}'), ("b", "g", "{}")]


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param(
            [[head(0, "a", "f")], [more(0, '{"x"')], [more(0, ":1}")], [head(1, "b", "g")], [more(1, "{}")]],
            id="OpenAI: one after the other",
        ),
        pytest.param(
            [[head(0, "a", "f"), head(1, "b", "g")], [more(0, '{"x"'), more(1, "{}")], [more(0, ":1}")]],
            id="interleaved",
        ),
        pytest.param(
            [[head(0, "a", "f", '{"x"')], [head(0, "a", "f", ":1}")], [head(1, "b", "g", "{}")]],
            id="id and name repeated",
        ),
        pytest.param([[head(0, "a", "f", '{"x":1}'), head(1, "b", "g", "{}")]], id="Mistral: whole calls at once"),
        pytest.param([[head(0, "a", "f", '{"x":1}')], [head(0, "b", "g", "{}")]], id="all of them numbered 0"),
        pytest.param([[head(None, "a", "f", '{"x":1}')], [head(None, "b", "g", "{}")]], id="not numbered"),
        pytest.param(
            [[head(None, "a", "f")], [more(None, '{"x":1}')], [head(None, "b", "g")], [more(None, "{}")]],
            id="not numbered, in pieces",
        ),
        pytest.param(
            [[head(None, "a", "f", '{"x"'), head(None, "b", "g", "{}")], [head(None, "a", None, ":1}")]],
            id="not numbered, told apart by their ids",
        ),
        pytest.param(
            [[head(0, "a", None)], [head(0, None, "f", '{"x"')], [more(0, ":1}")], [head(1, "b", "g", "{}")]],
            id="the id before the name",
        ),
        pytest.param(
            [[head(0, "a", None, '{"x"')], [head(0, "a", "f", ":1}")], [head(1, "b", "g", "{}")]],
            id="arguments before the name",
        ),
        pytest.param(
            [
                [head(0, "a", "f", '{"x"')],
                [{"index": 0, "id": "other", "function": {"arguments": ":1}"}}],
                [head(1, "b", "g", "{}")],
            ],
            id="a new id in every piece",
        ),
        pytest.param([[head(0, "a", "f", '{"x":1}')], [head(1, "b", "g", {})]], id="arguments as an object"),
    ],
)
def test_two_calls_are_two_calls(chunks: list[list[dict[str, Any]]]) -> None:
    assert calls(*chunks) == TWO


def test_calls_without_ids_get_different_ones() -> None:
    first, second = calls([head(0, "", "f", "{}")], [head(0, None, "g", "{}")])
    assert (first[1:], second[1:]) == (("f", "{}"), ("g", "{}"))
    assert first[0].startswith("call_")
    assert first[0] != second[0]


def test_custom_tools_take_text() -> None:
    deltas, events = ToolDeltas(1), list[Event]()
    pieces = [{"index": 0, "id": "a", "custom": {"name": "sh", "input": ""}}, {"index": 0, "custom": {"input": "ls"}}]
    deltas.read(msgspec.convert(pieces, list[ToolDelta]), events)
    assert events == [
        ToolCalled(id="a", name="sh", tool=0, choice=1, free=True),
        ArgumentsAdded(text="ls", tool=0, choice=1),
    ]


def test_googles_signature_comes_with_its_call() -> None:
    deltas, events = ToolDeltas(0), list[Event]()
    piece = head(0, "a", "f", "{}") | {"extra_content": {"google": {"thought_signature": "sig"}}}
    deltas.read(msgspec.convert([piece], list[ToolDelta]), events)
    assert events[0] == ToolCalled(id="a", name="f", tool=0, signature="sig", origin="openai-chat")


def test_a_deprecated_function_call_is_a_call() -> None:
    deltas, events = ToolDeltas(0), list[Event]()
    deltas.read_function({"name": "f", "arguments": ""}, events)
    deltas.read_function({"arguments": "{}"}, events)
    assert [type(event) for event in events] == [ToolCalled, ArgumentsAdded]


def test_a_call_that_never_gets_a_name_does_not_grow_without_end() -> None:
    with pytest.raises(NotThisDialect):
        calls(*[[more(0, "x" * 10_000)]] * 10)


def test_calls_without_names_do_not_grow_without_end() -> None:
    assert calls([more(at, "") for at in range(1024)]) == []
    with pytest.raises(NotThisDialect):
        calls([more(at, "") for at in range(1025)])
