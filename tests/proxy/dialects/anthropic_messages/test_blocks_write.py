"""Parts as content blocks for Anthropic (platform.claude.com/docs/en/api/messages)."""

import base64
from typing import Any

import msgspec
import pytest

from proxy.canonical.losses import Losses
from proxy.canonical.parts import (
    Audio,
    CacheMark,
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
from proxy.dialects.anthropic_messages.blocks_write import BlocksWriter
from proxy.refusal import Refusal

OWN = "anthropic-messages"
PNG = {"type": "base64", "media_type": "image/png", "data": "iVBO"}


def blocks(*parts: Part, assistant: bool = False, losses: Losses | None = None, images: bool = True) -> Any:
    written = BlocksWriter(losses or Losses("p"), images=images).blocks(list(parts), assistant=assistant)
    return msgspec.json.decode(msgspec.json.encode(written))


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (Text(text="hi"), {"type": "text", "text": "hi"}),
        (
            Text(text="hi", cache=CacheMark()),
            {"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}},
        ),
        (
            Image(source=Source(data="iVBO", media_type="image/png"), detail="auto", cache=CacheMark(ttl="5m")),
            {"type": "image", "source": PNG, "cache_control": {"type": "ephemeral", "ttl": "5m"}},
        ),
        (
            Image(source=Source(url="https://i.example")),
            {"type": "image", "source": {"type": "url", "url": "https://i.example"}},
        ),
        (
            File(source=Source(data="JVBE", media_type="application/pdf"), name="a.pdf", context="c", cite=True),
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
                "title": "a.pdf",
                "context": "c",
                "citations": {"enabled": True},
            },
        ),
        (
            File(source=Source(url="https://d.example")),
            {"type": "document", "source": {"type": "url", "url": "https://d.example"}},
        ),
        (
            File(source=Source(text="words")),
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "words"}},
        ),
        (
            File(source=Source(data=base64.b64encode("é,1".encode()).decode(), media_type="text/csv; charset=utf-8")),
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "é,1"}},
        ),
        (
            ToolResult(call_id="t", parts=[Text(text="15"), Text(text=" ")], is_error=True),
            {"type": "tool_result", "tool_use_id": "t", "content": "15", "is_error": True},
        ),
        (ToolResult(call_id="t"), {"type": "tool_result", "tool_use_id": "t"}),
        (
            ToolResult(
                call_id="t",
                parts=[Text(text="see"), Image(source=Source(data="iVBO", media_type="image/png"))],
                cache=CacheMark(),
            ),
            {
                "type": "tool_result",
                "tool_use_id": "t",
                "content": [{"type": "text", "text": "see"}, {"type": "image", "source": PNG}],
                "cache_control": {"type": "ephemeral"},
            },
        ),
    ],
)
def test_what_a_user_says(part: Part, block: object) -> None:
    assert blocks(part) == [block]


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (
            ToolCall(id="call_1", name="f", arguments='{"a": 1}'),
            {"type": "tool_use", "id": "call_1", "name": "f", "input": {"a": 1}},
        ),
        (ToolCall(id="c", name="f", arguments=""), {"type": "tool_use", "id": "c", "name": "f", "input": {}}),
        (
            ToolCall(id="functions.f:0", name="f", arguments="{}"),
            {"type": "tool_use", "id": "functions_f_0", "name": "f", "input": {}},
        ),
        (
            ToolCall(id="c", name="sql", arguments="select 1", free=True),
            {"type": "tool_use", "id": "c", "name": "sql", "input": {"input": "select 1"}},
        ),
        (
            Reasoning(text="Hm", signature="EqQB", origin=OWN),
            {"type": "thinking", "thinking": "Hm", "signature": "EqQB"},
        ),
        (Reasoning(signature="Emwk", redacted=True, origin=OWN), {"type": "redacted_thinking", "data": "Emwk"}),
        (Declined(text="No."), {"type": "text", "text": "No."}),
    ],
)
def test_what_a_model_said(part: Part, block: object) -> None:
    assert blocks(part, assistant=True) == [block]


def test_numbers_in_arguments_are_not_touched() -> None:
    call = ToolCall(id="c", name="f", arguments='{"n": 12345678901234567890123, "x": 1.10}')
    written = BlocksWriter(Losses("p"), images=True).blocks([call], assistant=True)
    assert b'{"n":12345678901234567890123,"x":1.10}' in msgspec.json.encode(written)


@pytest.mark.parametrize(
    "part",
    [
        Reasoning(text="Hm"),
        Reasoning(text="Hm", signature="S", origin="gemini"),
        Reasoning(signature="S", origin="openai-responses", redacted=True),
        Declined(text=" "),
    ],
)
def test_thoughts_of_others_are_left_out_without_loss(part: Part) -> None:
    losses = Losses("p", drop=True)
    assert blocks(part, assistant=True, losses=losses) == []
    assert losses.dropped == []


@pytest.mark.parametrize(
    "part",
    [
        Audio(data="UklG", format="wav"),
        Image(source=Source(file_id="file-1")),
        Image(source=Source(data="x", media_type="image/tiff")),
        File(source=Source(file_id="file-2")),
        File(source=Source(data="x", media_type="application/zip")),
        File(source=Source(data="!", media_type="text/plain")),
        File(source=Source(data="é", media_type="text/plain")),
        File(source=Source(data="/w==", media_type="text/plain")),
        ToolCall(id="c", name="f", arguments="{}"),
    ],
)
def test_what_cannot_be_carried_is_never_dropped(part: Part) -> None:
    with pytest.raises(Refusal) as raised:
        blocks(part, losses=Losses("p", drop=True, names={"turns": "messages"}))
    assert (raised.value.status, raised.value.param) == (400, "messages")


def test_a_provider_without_eyes_gets_no_image() -> None:
    with pytest.raises(Refusal):
        blocks(Image(source=Source(url="https://i.example")), images=False)


def test_a_level_of_detail_is_lost() -> None:
    losses = Losses("p", drop=True)
    assert blocks(Image(source=Source(url="u"), detail="high"), losses=losses)
    assert losses.dropped == ["detail"]


@pytest.mark.parametrize("arguments", ["[1]", "text", '{"a":', "null", "{}{}", '"\ud800"'])
def test_arguments_that_are_no_object_stand_in_one(arguments: str) -> None:
    """A call that was cut by the token limit stays in the history: refused, the conversation could never go on."""
    (said,) = blocks(ToolCall(id="call_7", name="f", arguments=arguments), assistant=True)
    assert said["input"] == {"input": arguments.replace("\ud800", "?")}
