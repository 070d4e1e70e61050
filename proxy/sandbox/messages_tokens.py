"""What the prompt of a message counts, and how much of it a cache wrote or read.

The sandbox remembers nothing, so the conversation itself says what is cached: a marked prefix of 1,024 tokens and more
was written by the request that first had it, and is read as soon as an assistant's turn follows the mark.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from proxy.sandbox.messages_blocks import (
    AnyBlock,
    Cacheable,
    CacheControl,
    Document,
    Image,
    Pdf,
    PlainText,
    RedactedThinking,
    SearchResult,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)
from proxy.sandbox.messages_request import Prompt, Tool
from proxy.sandbox.prose import count_tokens
from proxy.sandbox.request_tokens import PER_IMAGE, PER_MESSAGE, PER_PROMPT, file_tokens

CACHED_FROM = 1024

_encode = msgspec.json.encode


class Counted(NamedTuple):
    """Four kinds of tokens, none of them in two."""

    fresh: int
    read: int
    written_5m: int
    written_1h: int

    @property
    def total(self) -> int:
        return sum(self)


class _Part(NamedTuple):
    """A piece of the prompt, in the order in which it is read."""

    tokens: int
    mark: CacheControl | None
    message: int
    """-1 for tools and system."""


def count(prompt: Prompt) -> Counted:
    """Of the whole prompt."""
    parts = list(_parts(prompt))
    last_answer = max((at for at, each in enumerate(prompt.messages) if each.role == "assistant"), default=-1)
    total = read = written_5m = written_1h = 0
    for part in parts:
        total += part.tokens
        if part.mark is None or total < CACHED_FROM:
            continue
        if part.message < last_answer:
            read = total
        elif part.mark.ttl == "1h":
            written_1h += total - read - written_5m - written_1h
        else:
            written_5m += total - read - written_5m - written_1h
    return Counted(total - read - written_5m - written_1h, read, written_5m, written_1h)


def _parts(prompt: Prompt) -> Iterator[_Part]:
    yield _Part(PER_PROMPT, None, -1)
    for tool in prompt.offered:
        yield _Part(_of_tool(tool), tool.cache_control, -1)
    for text in prompt.system_blocks:
        yield _Part(count_tokens(text.text), text.cache_control, -1)
    last = len(prompt.messages) - 1
    for number, message in enumerate(prompt.messages):
        yield _Part(PER_MESSAGE, None, number)
        blocks = message.blocks
        for at, block in enumerate(blocks):
            mark = block.cache_control if isinstance(block, Cacheable) else None
            if number == last and at == len(blocks) - 1:
                mark = mark or prompt.cache_control
            yield _Part(_of_block(block), mark, number)


def _of_tool(tool: Tool) -> int:
    schema = _encode(tool.input_schema).decode() if tool.input_schema else ""
    return count_tokens(tool.name) + count_tokens(tool.description or "") + count_tokens(schema)


def _of_block(block: AnyBlock) -> int:
    match block:
        case Text():
            return count_tokens(block.text)
        case Image():
            return PER_IMAGE
        case Document():
            return _of_document(block)
        case SearchResult():
            return count_tokens(block.title) + sum(count_tokens(text.text) for text in block.content)
        case Thinking() | RedactedThinking():
            return 0  # of turns gone by they are not counted
        case ToolUse():
            return count_tokens(block.name) + count_tokens(_encode(block.input).decode())
        case ToolResult():
            if isinstance(block.content, str):
                return count_tokens(block.content)
            return sum(_of_inner(inner) for inner in block.content or ())
    return count_tokens(_encode(block).decode())


def _of_inner(block: object) -> int:
    if isinstance(block, Text | Image | Document | SearchResult):
        return _of_block(block)
    return count_tokens(_encode(block).decode())


def _of_document(block: Document) -> int:
    match block.source:
        case Pdf():
            return file_tokens(block.source.data)
        case PlainText():
            return count_tokens(block.source.data)
    inner = getattr(block.source, "content", None)
    if isinstance(inner, list):
        return sum(_of_inner(each) for each in inner)
    return count_tokens(inner) if isinstance(inner, str) else file_tokens(None)
