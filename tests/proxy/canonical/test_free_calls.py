"""Tools of free text where tools take JSON.

What OpenAI's custom tools are: platform.openai.com/docs/guides/function-calling#custom-tools.
"""

import json

import pytest

from proxy.canonical.answer import Answer, Choice, Usage
from proxy.canonical.ask import Tool
from proxy.canonical.events import ArgumentsAdded, Event, Finished, PartEnded, TextAdded, ToolCalled
from proxy.canonical.free_calls import FreeCalls, as_function, text_of
from proxy.canonical.parts import CacheMark, Part, Text, ToolCall

GRAMMAR = {"syntax": "lark", "definition": "start: /x/"}
PATCH = Tool(name="apply_patch", description="Edits files.", free=True, grammar=GRAMMAR, cache=CacheMark())
READ = Tool(name="read", schema={"type": "object"})
TEXT = '*** Begin Patch\n+ print("{é}")\n*** End Patch'
ARGUMENTS = json.dumps({"input": TEXT})


def called(tool: int, name: str, free: bool = False) -> ToolCalled:
    return ToolCalled(id=f"c{tool}", name=name, tool=tool, free=free)


def told(*events: Event) -> list[Event]:
    calls = FreeCalls([PATCH, READ])
    return [said for event in events for said in calls.told([event])] + calls.rest()


def in_pieces(tool: int) -> list[Event]:
    return [ArgumentsAdded(text=letter, tool=tool) for letter in ARGUMENTS]


def test_it_is_a_function_of_one_text_that_says_its_grammar() -> None:
    assert as_function(PATCH) == Tool(
        name="apply_patch",
        description="Edits files.\n\nThe input is text of this lark grammar:\n\nstart: /x/",
        schema={
            "type": "object",
            "properties": {"input": {"type": "string"}},
            "required": ["input"],
            "additionalProperties": False,
        },
        cache=CacheMark(),
    )
    assert as_function(Tool(name="say", free=True)).description is None
    assert as_function(READ) is READ


@pytest.mark.parametrize(
    ("arguments", "text"),
    [(ARGUMENTS, TEXT), ("ls -l", "ls -l"), ('{"input": "cut', '{"input": "cut'), ('{"a":1}', '{"a":1}'), ("", "")],
)
def test_what_is_no_such_object_is_the_text_itself(arguments: str, text: str) -> None:
    assert text_of(arguments) == text


def test_a_whole_reply_calls_it_with_text() -> None:
    parts: list[Part] = [
        Text(text="So"),
        ToolCall(id="a", name="apply_patch", arguments=ARGUMENTS),
        ToolCall(id="b", name="read", arguments=ARGUMENTS),
        ToolCall(id="c", name="apply_patch", arguments=ARGUMENTS, free=True),
    ]
    FreeCalls([PATCH, READ]).free(Answer(choices=[Choice(parts=parts, finish="tool_calls")], usage=Usage()))
    assert parts[1:] == [
        ToolCall(id="a", name="apply_patch", arguments=TEXT, free=True),
        ToolCall(id="b", name="read", arguments=ARGUMENTS),
        ToolCall(id="c", name="apply_patch", arguments=ARGUMENTS, free=True),
    ]


def test_a_stream_calls_it_with_one_piece_of_text_once_the_call_is_whole() -> None:
    begun, ended = called(0, "apply_patch"), PartEnded(tool=0)
    assert told(begun, *in_pieces(0), ended) == [
        called(0, "apply_patch", free=True),
        ArgumentsAdded(text=TEXT, tool=0),
        ended,
    ]


def test_calls_of_other_tools_beside_it_wait_for_nothing() -> None:
    finished = Finished(reason="tool_calls")
    pieces = [each for pair in zip(in_pieces(0), in_pieces(1), strict=True) for each in pair]
    assert told(called(0, "apply_patch"), called(1, "read"), *pieces, finished) == [
        called(0, "apply_patch", free=True),
        called(1, "read"),
        *in_pieces(1),
        ArgumentsAdded(text=TEXT, tool=0),
        finished,
    ]


@pytest.mark.parametrize("after", [[TextAdded(text="So")], [Finished(reason="length")], []])
def test_whatever_ends_it_it_is_told(after: list[Event]) -> None:
    assert told(called(0, "apply_patch"), *in_pieces(0), *after) == [
        called(0, "apply_patch", free=True),
        ArgumentsAdded(text=TEXT, tool=0),
        *after,
    ]


def test_a_provider_that_knows_such_tools_is_passed_on_as_it_speaks() -> None:
    events: list[Event] = [called(0, "apply_patch", free=True), *in_pieces(0), PartEnded(tool=0)]
    assert told(*events) == events


def test_without_such_tools_there_is_nothing_to_do() -> None:
    assert not FreeCalls([READ])
    assert FreeCalls([PATCH])
