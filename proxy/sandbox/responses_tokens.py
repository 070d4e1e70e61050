"""What a Responses request counts: the same as in chat, item by item (docs/sandbox.md)."""

from collections.abc import Sequence

import msgspec

from proxy.sandbox.prose import count_tokens
from proxy.sandbox.request_tokens import PER_IMAGE, PER_MESSAGE, PER_PROMPT, file_tokens, sound_tokens
from proxy.sandbox.responses_items import (
    AnyItem,
    AnyPart,
    InputAudio,
    InputFile,
    InputImage,
    InputText,
    Message,
    OutputText,
    ToolCall,
    ToolOutput,
)
from proxy.sandbox.responses_items import FunctionCall as Function
from proxy.sandbox.responses_request import Counted


def input_tokens(asked: Counted, items: list[AnyItem]) -> int:
    """Three for the prompt, instructions like a message, each item, and the tools."""
    total = PER_PROMPT + sum(_item(item) for item in items)
    if asked.instructions:
        total += PER_MESSAGE + count_tokens(asked.instructions)
    if asked.tools:
        total += count_tokens(msgspec.json.encode(asked.tools).decode())
    return total


def _item(item: AnyItem) -> int:
    match item:
        case Message():
            return PER_MESSAGE + _content(item.content)
        case ToolOutput():
            return PER_MESSAGE + _content(item.output)
        case ToolCall():
            said = item.arguments if isinstance(item, Function) else item.input
            return PER_MESSAGE + count_tokens(item.name) + count_tokens(said)
    return PER_MESSAGE


def _content(content: str | Sequence[AnyPart]) -> int:
    return count_tokens(content) if isinstance(content, str) else sum(map(_part, content))


def _part(part: AnyPart) -> int:
    match part:
        case InputText() | OutputText():
            return count_tokens(part.text)
        case InputImage():
            return PER_IMAGE
        case InputAudio():
            return sound_tokens(part.input_audio.data)
        case InputFile():
            return file_tokens(part.file_data)
    return count_tokens(part.refusal)
