"""Turns → input items (openai/types/responses/response_input_item_param.py; guides: function-calling, reasoning)."""

from typing import Any

import pytest

from proxy.canonical.ask import Turn
from proxy.canonical.losses import Losses
from proxy.canonical.parts import (
    Audio,
    Declined,
    File,
    Image,
    Part,
    Reasoning,
    Source,
    Text,
    ToolCall,
    ToolResult,
)
from proxy.dialects.openai_responses.items_write import split_instructions, write_items
from proxy.refusal import Refusal
from proxy.sandbox.responses_items import check_order, items

SIGNED = Reasoning(text="hm", signature="gAAAA", id="rs_1", origin="openai-responses")


def user(*parts: Part) -> Turn:
    return Turn(role="user", parts=list(parts))


def assistant(*parts: Part) -> Turn:
    return Turn(role="assistant", parts=list(parts))


def content_of(*parts: Part) -> Any:
    (item,) = write_items([user(*parts)], Losses("openai"))
    return item["content"]


def test_leading_system_turns_are_the_instructions() -> None:
    first = Turn(role="system", parts=[Text(text="a"), Text(text="b")])
    second = Turn(role="developer", parts=[Text(text="c")])
    hi = user(Text(text="hi"))
    assert split_instructions([first, second, hi, second]) == ("a\n\nb\n\nc", [hi, second])
    assert split_instructions([hi]) == (None, [hi])
    assert split_instructions([first]) == (None, [first])


@pytest.mark.parametrize(
    ("parts", "output"),
    [
        ([], "Error"),
        ([Text(text="no such city")], "Error: no such city"),
        (
            [Text(text="no"), Text(text="such")],
            [{"type": "input_text", "text": text} for text in ("Error:", "no", "such")],
        ),
    ],
    ids=["silent", "text", "texts"],
)
def test_that_a_tool_failed_stands_in_the_words_of_its_output(parts: list[Any], output: object) -> None:
    """There is no field for it (openai/types/responses/response_input_item_param.py, FunctionCallOutput)."""
    call = ToolCall(id="c1", name="weather", arguments="{}")
    turns = [assistant(call), user(ToolResult(call_id="c1", parts=parts, is_error=True))]
    assert write_items(turns, Losses("openai"))[1]["output"] == output


def test_a_conversation_with_tools() -> None:
    said = write_items(
        [
            user(Text(text="weather?")),
            assistant(
                Text(text="let me see"),
                ToolCall(id="c1", name="weather", arguments='{"city":"Paris"}'),
                ToolCall(id="c2", name="patch", arguments="***", free=True),
            ),
            user(
                ToolResult(call_id="c1", parts=[Text(text="sunny")]),
                ToolResult(call_id="c2", free=True),
                Text(text="and?"),
            ),
            Turn(role="developer", parts=[Text(text="be brief")]),
        ],
        Losses("openai"),
    )
    assert said == [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "weather?"}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "let me see"}]},
        {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"city":"Paris"}'},
        {"type": "custom_tool_call", "call_id": "c2", "name": "patch", "input": "***"},
        {"type": "function_call_output", "call_id": "c1", "output": "sunny"},
        {"type": "custom_tool_call_output", "call_id": "c2", "output": ""},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "and?"}]},
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "be brief"}]},
    ]
    check_order(items(said), continues=False)


@pytest.mark.parametrize(
    ("part", "content"),
    [
        (
            Image(source=Source(data="aGk=", media_type="image/png"), detail="low"),
            {"type": "input_image", "detail": "low", "image_url": "data:image/png;base64,aGk="},
        ),
        (
            Image(source=Source(url="https://x")),
            {"type": "input_image", "detail": "auto", "image_url": "https://x"},
        ),
        (
            Image(source=Source(file_id="file-1", kept_by="openai")),
            {"type": "input_image", "detail": "auto", "file_id": "file-1"},
        ),
        (
            File(source=Source(data="aGk=", media_type="application/pdf"), name="a.pdf"),
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="},
        ),
        (
            File(source=Source(data="aGk=", media_type="application/pdf")),
            {"type": "input_file", "filename": "document.pdf", "file_data": "data:application/pdf;base64,aGk="},
        ),
        (File(source=Source(url="https://x/a.pdf")), {"type": "input_file", "file_url": "https://x/a.pdf"}),
        (File(source=Source(file_id="file-1", kept_by="openai")), {"type": "input_file", "file_id": "file-1"}),
        (File(source=Source(text="hi"), name="a.txt"), {"type": "input_text", "text": "a.txt\n\nhi"}),
        (
            Audio(data="aGk=", format="wav"),
            {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}},
        ),
    ],
)
def test_images_files_and_sounds(part: Part, content: dict[str, Any]) -> None:
    assert content_of(part) == [content]
    items(write_items([user(part)], Losses("openai")))


def test_the_context_of_a_file_stands_before_it() -> None:
    assert content_of(File(source=Source(url="https://x"), context="from 1999")) == [
        {"type": "input_text", "text": "from 1999"},
        {"type": "input_file", "file_url": "https://x"},
    ]


def test_a_tool_may_give_back_more_than_text() -> None:
    result = ToolResult(call_id="c1", parts=[Text(text="see"), Image(source=Source(url="https://x"))])
    (item,) = write_items([user(result)], Losses("openai"))
    assert item["output"] == [
        {"type": "input_text", "text": "see"},
        {"type": "input_image", "detail": "auto", "image_url": "https://x"},
    ]


def test_openai_gets_its_own_thoughts_back_and_nobody_elses() -> None:
    said = write_items(
        [
            assistant(
                SIGNED,
                Reasoning(text="theirs", signature="x", origin="anthropic-messages"),
                Reasoning(text="unsigned"),
                Text(text="so"),
            )
        ],
        Losses("openai"),
    )
    assert said == [
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "hm"}],
            "encrypted_content": "gAAAA",
        },
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "so"}]},
    ]


def test_an_empty_text_does_not_come_between_a_thought_and_its_calls() -> None:
    """Chat clients that join a stream's deltas send back `content: ""`; a reasoning item must be followed by its own
    (guides/reasoning, "Keeping reasoning items in context")."""
    call = ToolCall(id="call_1", name="f", arguments="{}")
    said = write_items([assistant(SIGNED, Text(text=""), call)], Losses("openai"))
    assert [item["type"] for item in said] == ["reasoning", "function_call"]


def test_thoughts_that_nothing_follows_are_left_out() -> None:
    assert [item["type"] for item in write_items([assistant(SIGNED), user(Text(text="x"))], Losses("o"))] == ["message"]
    assert write_items([assistant(SIGNED)], Losses("o")) == []
    call = ToolCall(id="c", name="f", arguments="{}")
    said = write_items([assistant(SIGNED, call), user(ToolResult(call_id="c"))], Losses("o"))
    assert [item["type"] for item in said] == ["reasoning", "function_call", "function_call_output"]


def test_what_the_model_declined_stays_a_refusal() -> None:
    (item,) = write_items([assistant(Declined(text="no"))], Losses("o"))
    assert item["content"] == [{"type": "refusal", "refusal": "no"}]


def test_ids_of_calls_that_are_too_long_are_shortened_alike() -> None:
    id = "c" * 65
    call, result = write_items(
        [assistant(ToolCall(id=id, name="f", arguments="{}")), user(ToolResult(call_id=id))], Losses("o")
    )
    assert call["call_id"] == result["call_id"]
    assert len(call["call_id"]) <= 64


@pytest.mark.parametrize(
    ("turn", "param", "images"),
    [
        (Turn(role="user", parts=[Text(text="x")], name="ann"), "name", True),
        (user(File(source=Source(url="https://x"), cite=True)), "citations", True),
        (user(Image(source=Source(url="https://x"))), "input", False),
        (assistant(Image(source=Source(url="https://x"))), "input", True),
    ],
)
def test_what_cannot_be_said_is_lost_by_name(turn: Turn, param: str, images: bool) -> None:
    with pytest.raises(Refusal) as refused:
        write_items([turn], Losses("o", names={"turns": "input"}), images=images)
    assert refused.value.param == param
    losses = Losses("o", drop=True, names={"turns": "input"})
    write_items([turn], losses, images=images)
    assert losses.dropped == [param]


@pytest.mark.parametrize(
    "part",
    [
        Image(source=Source(file_id="file_011", kept_by="anthropic")),
        File(source=Source(file_id="file_011", kept_by="anthropic")),
    ],
)
def test_a_file_that_another_provider_keeps_is_refused_whatever_the_route_drops(part: Part) -> None:
    with pytest.raises(Refusal) as refused:
        write_items([user(part)], Losses("o", drop=True, names={"turns": "messages"}), images=True)
    assert (refused.value.status, refused.value.param) == (400, "messages")


def test_the_assistants_own_name_is_left_out() -> None:
    losses = Losses("o")
    named = Turn(role="assistant", name="bot", parts=[Text(text="x")])
    assert write_items([named], losses, images=True) == write_items([assistant(Text(text="x"))], losses, images=True)
