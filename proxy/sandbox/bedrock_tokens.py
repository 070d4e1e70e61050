"""What a prompt of Converse counts, and how much of it a cache wrote or read.

Nothing is remembered, so the conversation itself says what is cached: what stands before a cache point, from 1,024
tokens on, was written by the request that first had it, and is read once an assistant's turn follows the point.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from proxy.sandbox.bedrock_request import Block, ConverseAsked
from proxy.sandbox.prose import count_tokens
from proxy.sandbox.request_tokens import PER_IMAGE, PER_MESSAGE, PER_PROMPT, file_tokens

_CACHED_FROM = 1024


class Counted(NamedTuple):
    """Four kinds of tokens, none of them in two."""

    fresh: int
    read: int
    written_5m: int
    written_1h: int

    @property
    def total(self) -> int:
        return sum(self)


class _Step(NamedTuple):
    tokens: int
    mark: dict[str, str] | None
    message: int
    """-1 for tools and system."""


def count(asked: ConverseAsked) -> Counted:
    """Of the whole prompt, in the order in which it is read: tools, system, messages."""
    last_answer = max((at for at, each in enumerate(asked.messages) if each["role"] == "assistant"), default=-1)
    total = read = written_5m = written_1h = 0
    for step in _steps(asked):
        total += step.tokens
        if step.mark is None or total < _CACHED_FROM:
            continue
        if step.message < last_answer:
            read = total
        elif step.mark.get("ttl") == "1h":
            written_1h += total - read - written_5m - written_1h
        else:
            written_5m += total - read - written_5m - written_1h
    return Counted(total - read - written_5m - written_1h, read, written_5m, written_1h)


def usage(counted: Counted, output: int) -> dict[str, object]:
    """As a reply says it: the total is all of it."""
    found: dict[str, object] = {
        "inputTokens": counted.fresh,
        "outputTokens": output,
        "totalTokens": counted.total + output,
        "cacheReadInputTokens": counted.read,
        "cacheWriteInputTokens": counted.written_5m + counted.written_1h,
    }
    written = [("1h", counted.written_1h), ("5m", counted.written_5m)]
    if details := [{"ttl": ttl, "inputTokens": tokens} for ttl, tokens in written if tokens]:
        found["cacheDetails"] = details
    return found


def _steps(asked: ConverseAsked) -> Iterator[_Step]:
    yield _Step(PER_PROMPT, None, -1)
    for block in (*asked.tools, *asked.system):
        yield _Step(_of_block(block), block.get("cachePoint"), -1)
    for number, message in enumerate(asked.messages):
        yield _Step(PER_MESSAGE, None, number)
        for block in message["content"]:
            yield _Step(_of_block(block), block.get("cachePoint"), number)


def _of_block(block: Block) -> int:
    (name, inner), *_ = block.items()
    match name:
        case "text":
            return count_tokens(inner)
        case "image":
            return PER_IMAGE
        case "document":
            return _of_document(inner)
        case "cachePoint" | "reasoningContent":
            return 0
        case "toolSpec":
            return sum(count_tokens(text) for text in (inner["name"], inner.get("description", ""))) + _json(
                inner["inputSchema"]["json"]
            )
        case "toolUse":
            return count_tokens(inner["name"]) + _json(inner["input"])
        case "toolResult":
            return sum(_of_block(each) for each in inner["content"])
    return _json(inner)


def _of_document(document: Block) -> int:
    source: dict[str, Any] = document["source"]
    if "text" in source:
        return count_tokens(source["text"])
    if "content" in source:
        return sum(count_tokens(each["text"]) for each in source["content"])
    return file_tokens(source.get("bytes"))


def _json(value: object) -> int:
    return count_tokens(msgspec.json.encode(value).decode())
