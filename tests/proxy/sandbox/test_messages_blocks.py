"""Every kind of block that `anthropic` 2.12 can send is taken; one field more and it is not."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from anthropic.types import MessageParam

from proxy.sandbox.messages_blocks import Message, Text
from tests.kit.raw_http import RawReply
from tests.kit.strict_types import assert_fits

Messages = Callable[..., Awaitable[RawReply]]

MARK = {"type": "ephemeral", "ttl": "1h"}
BASE64 = "aGVsbG8="
PNG = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": BASE64}}

OF_THE_USER: dict[str, dict[str, Any]] = {
    "text": {"type": "text", "text": "hi", "cache_control": MARK},
    "image": PNG | {"cache_control": MARK, "transformations": {"oversized_image": "error"}},
    "image elsewhere": {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
    "image in a file": {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
    "PDF": {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": BASE64},
        "title": "T",
        "context": "C",
        "citations": {"enabled": True},
        "cache_control": MARK,
    },
    "text document": {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "hi"}},
    "PDF elsewhere": {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}},
    "document in a file": {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
    "document of blocks": {
        "type": "document",
        "source": {"type": "content", "content": [{"type": "text", "text": "a"}]},
    },
    "search result": {
        "type": "search_result",
        "source": "https://example.com",
        "title": "T",
        "content": [{"type": "text", "text": "hi"}],
        "citations": {"enabled": True},
    },
    "upload": {"type": "container_upload", "file_id": "file_1"},
}


@pytest.mark.parametrize("kind", OF_THE_USER)
async def test_a_block_is_taken_as_it_is_and_not_with_a_field_more(messages: Messages, kind: str) -> None:
    block = OF_THE_USER[kind]
    message = {"role": "user", "content": [block]}
    assert_fits(message, MessageParam)
    assert (await messages(messages=[message])).status == 200
    refused = await messages(messages=[{"role": "user", "content": [block | {"colour": "red"}]}])
    words = f"messages.0.content.0.{block['type']}.colour: Extra inputs are not permitted"
    assert refused.json["error"]["message"] == words


async def test_what_the_vendors_own_tools_found_is_handed_back(messages: Messages) -> None:
    first = await messages(
        tools=[{"type": "web_search_20250305", "name": "web_search"}],
        headers={"x-sandbox-citations": '[{"url":"https://example.com","title":"T","quote":""}]'},
    )
    kinds = [block["type"] for block in first.json["content"]]
    assert kinds == ["server_tool_use", "web_search_tool_result", "text"]
    assert first.json["usage"]["server_tool_use"] == {"web_search_requests": 1, "web_fetch_requests": 0}
    turns = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": first.json["content"]},
        {"role": "user", "content": "And now?"},
    ]
    assert (await messages(messages=turns)).status == 200


def test_a_string_is_one_block_of_text() -> None:
    message = msgspec.json.decode(b'{"role":"user","content":"hi"}', type=Message)
    assert message.blocks == [Text(text="hi")]
