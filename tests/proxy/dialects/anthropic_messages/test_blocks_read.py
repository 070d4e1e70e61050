"""Content blocks as apps send them (platform.claude.com/docs/en/api/messages)."""

from typing import Any

import pytest

from proxy.canonical.parts import CacheMark, File, Image, Part, Reasoning, Source, Text, ToolCall, ToolResult
from proxy.dialects.anthropic_messages.blocks_read import BlocksReader
from proxy.refusal import Refusal

OWN = "anthropic-messages"
MARK = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
MARKED = CacheMark(ttl="1h")


def read(*blocks: Any) -> list[Part]:
    others: dict[str, Any] = {}
    parts = BlocksReader(others).parts(list(blocks), "messages[0].content")
    assert others == {}
    return parts


def test_a_string_is_one_text() -> None:
    assert BlocksReader({}).parts("hi", "at") == [Text(text="hi")]
    assert BlocksReader({}).parts("", "at") == []


@pytest.mark.parametrize(
    ("block", "part"),
    [
        ({"type": "text", "text": "hi"}, Text(text="hi", cache=MARKED)),
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}},
            Image(source=Source(data="iVBO", media_type="image/png"), cache=MARKED),
        ),
        (
            {"type": "image", "source": {"type": "url", "url": "https://i.example/a.png"}},
            Image(source=Source(url="https://i.example/a.png"), cache=MARKED),
        ),
        (
            {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
            Image(source=Source(file_id="file_1", kept_by="anthropic"), cache=MARKED),
        ),
        (
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
                "title": "Report",
                "context": "Of 2026",
                "citations": {"enabled": True},
            },
            File(
                source=Source(data="JVBE", media_type="application/pdf"),
                name="Report",
                context="Of 2026",
                cite=True,
                cache=MARKED,
            ),
        ),
        (
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Words."}},
            File(source=Source(text="Words.", media_type="text/plain"), cache=MARKED),
        ),
        (
            {"type": "document", "source": {"type": "url", "url": "https://d.example/a.pdf"}, "title": None},
            File(source=Source(url="https://d.example/a.pdf"), cache=MARKED),
        ),
        (
            {"type": "document", "source": {"type": "file", "file_id": "file_2"}},
            File(source=Source(file_id="file_2", kept_by="anthropic"), cache=MARKED),
        ),
        (
            {
                "type": "document",
                "source": {
                    "type": "content",
                    "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}],
                },
            },
            File(source=Source(text="one\ntwo", media_type="text/plain"), cache=MARKED),
        ),
        (
            {
                "type": "search_result",
                "source": "https://s.example",
                "title": "S",
                "content": [{"type": "text", "text": "found"}],
                "citations": {"enabled": True},
            },
            File(
                source=Source(text="found", media_type="text/plain"),
                name="S",
                context="https://s.example",
                cite=True,
                cache=MARKED,
            ),
        ),
        (
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}, "caller": {"type": "direct"}},
            ToolCall(id="toolu_1", name="f", arguments='{"a":1}', cache=MARKED),
        ),
        (
            {"type": "tool_result", "tool_use_id": "toolu_9", "content": "15 degrees", "is_error": True},
            ToolResult(call_id="toolu_9", parts=[Text(text="15 degrees")], is_error=True, cache=MARKED),
        ),
        ({"type": "tool_result", "tool_use_id": "toolu_9"}, ToolResult(call_id="toolu_9", cache=MARKED)),
    ],
)
def test_each_kind_of_block(block: dict[str, Any], part: Part) -> None:
    assert read(block | MARK) == [part]


def test_a_result_holds_texts_pictures_and_documents_and_knows_its_tool() -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    result = {
        "type": "tool_result",
        "tool_use_id": "toolu_1",
        "content": [
            {"type": "text", "text": "see"},
            {"type": "image", "source": {"type": "url", "url": "https://i.example"}},
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "d"}},
        ],
    }
    assert read(call, result)[1] == ToolResult(
        call_id="toolu_1",
        name="look",
        parts=[
            Text(text="see"),
            Image(source=Source(url="https://i.example")),
            File(source=Source(text="d", media_type="text/plain")),
        ],
    )


@pytest.mark.parametrize(
    ("signature", "part"),
    [
        ("EqQB", Reasoning(text="Hm", signature="EqQB", origin=OWN)),
        ("gw1.gemini.a.b", Reasoning(text="Hm", signature="a.b", origin="gemini")),
        ("gw1.none.", Reasoning(text="Hm")),
        ("", Reasoning(text="Hm")),
        (None, Reasoning(text="Hm")),
    ],
)
def test_thoughts_come_back_to_their_maker(signature: str | None, part: Reasoning) -> None:
    assert read({"type": "thinking", "thinking": "Hm", "signature": signature}) == [part]


def test_encrypted_thoughts_come_back_to_their_maker() -> None:
    assert read(
        {"type": "redacted_thinking", "data": "Emwk"},
        {"type": "redacted_thinking", "data": "gw1.openai-responses.gAAA"},
        {"type": "tool_use", "id": "c", "name": "f", "input": {}},
    ) == [
        Reasoning(signature="Emwk", origin=OWN, redacted=True),
        Reasoning(signature="gAAA", origin="openai-responses", redacted=True),
        ToolCall(id="c", name="f", arguments="{}"),
    ]


def test_the_signature_of_a_call_comes_back_to_it() -> None:
    assert read(
        {"type": "redacted_thinking", "data": "gw1.gemini.Cxyz"},
        {"type": "tool_use", "id": "c", "name": "f", "input": {}},
        {"type": "tool_use", "id": "d", "name": "f", "input": {}},
    ) == [
        ToolCall(id="c", name="f", arguments="{}", signature="Cxyz", origin="gemini"),
        ToolCall(id="d", name="f", arguments="{}"),
    ]


def test_a_document_with_pictures_is_its_blocks() -> None:
    image = {"type": "image", "source": {"type": "url", "url": "https://i.example"}}
    content = {"type": "content", "content": [{"type": "text", "text": "see"}, image]}
    assert read({"type": "document", "title": "T", "source": content}) == [
        Text(text="T"),
        Text(text="see"),
        Image(source=Source(url="https://i.example")),
    ]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
        {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
        {"type": "container_upload", "file_id": "f"},
        {"type": "tool_use", "id": "t", "name": "click", "input": {}, "toolset_name": "computer"},
        {"type": "hologram"},
    ],
)
def test_a_block_without_a_part_is_kept_apart_whole(block: dict[str, Any]) -> None:
    others: dict[str, Any] = {}
    parts = BlocksReader(others).parts([{"type": "text", "text": "a"}, block], "messages[3].content")
    assert (parts, others) == ([Text(text="a")], {"messages[3].content[1]": block})


def test_how_to_scale_an_image_is_kept_apart() -> None:
    others: dict[str, Any] = {}
    scaled = {"oversized_image": "error"}
    block = {"type": "image", "source": {"type": "url", "url": "u"}, "transformations": scaled}
    BlocksReader(others).parts([block], "c")
    assert others == {"c[0].transformations": scaled}


@pytest.mark.parametrize(
    ("content", "param"),
    [
        (7, "c"),
        (None, "c"),
        (["text"], "c[0]"),
        ([{"type": "text"}], "c[0].text"),
        ([{"type": "text", "text": None}], "c[0].text"),
        ([{"type": "image"}], "c[0].source"),
        ([{"type": "image", "source": {"type": "base64", "data": "x"}}], "c[0].source.media_type"),
        ([{"type": "image", "source": {"type": "ftp"}}], "c[0].source.type"),
        ([{"type": "tool_use", "id": "t", "name": "f", "input": "{}"}], "c[0].input"),
        ([{"type": "tool_use", "name": "f", "input": {}}], "c[0].id"),
        ([{"type": "tool_result"}], "c[0].tool_use_id"),
        ([{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text"}]}], "c[0].content[0].text"),
        ([{"type": "document", "source": {"type": "content"}}], "c[0].source.content"),
        ([{"type": "redacted_thinking"}], "c[0].data"),
        ([{"type": "thinking", "thinking": "t", "signature": 7}], "c[0].signature"),
    ],
)
def test_a_malformed_block_is_told_where(content: object, param: str) -> None:
    with pytest.raises(Refusal) as raised:
        BlocksReader({}).parts(content, "c")
    assert (raised.value.status, raised.value.param) == (400, param)
