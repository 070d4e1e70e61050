"""Token estimates from characters: what a call would cost before it is sent, and what an unreported one did.

No tokenizer is downloaded. The ratios are characters per token of English prose and code as the vendors state them
(OpenAI and Google: about 4; Anthropic: about 3.5); texts with many bytes per character count by bytes.
"""

from functools import lru_cache
from typing import Any

_CHARACTERS_PER_TEN_TOKENS = (("claude", 35), ("gemini", 40), ("mistral", 37), ("deepseek", 36), ("qwen", 34))
_DEFAULT = 40
TOKENS_PER_MESSAGE = 4
IMAGE_TOKENS = 765
"""What a 1024 × 1024 image costs on gpt-4o at high detail."""
DEFAULT_OUTPUT_TOKENS = 512
"""Assumed output of a call that sets no limit."""


@lru_cache(maxsize=1024)
def _characters_per_ten_tokens(model: str) -> int:
    return next((ratio for family, ratio in _CHARACTERS_PER_TEN_TOKENS if family in model), _DEFAULT)


def tokens_of_text(model: str, characters: int) -> int:
    """Characters → tokens, rounded up."""
    return -(-10 * characters // _characters_per_ten_tokens(model))


def input_tokens(model: str, body: dict[str, Any]) -> int:
    """Tokens of a request in any caller's dialect: its messages, instructions, prompt or input, and its tools."""
    characters, extra = size(body)
    return tokens_of_text(model, characters) + extra


def size(body: dict[str, Any]) -> tuple[int, int]:
    """The characters of a request, and the tokens of what is no text in it, whatever model reads it."""
    characters, extra = 0, 0
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else ():
        extra += TOKENS_PER_MESSAGE
        if isinstance(message, dict):
            content = message.get("content")
            if isinstance(content, str):
                characters += len(content)
            else:
                more, images = _parts(content, _LEVELS)
                characters += more
                extra += images * IMAGE_TOKENS
            if calls := message.get("tool_calls"):
                characters += len(str(calls))
    for name in ("system", "instructions", "prompt", "input"):
        if (value := body.get(name)) is not None:
            more, images = _parts(value, _LEVELS)
            characters += more
            extra += images * IMAGE_TOKENS
    if tools := body.get("tools"):
        characters += len(str(tools))
    return characters, extra


def output_tokens(body: dict[str, Any]) -> int:
    """The output a request may produce: its own limit, else an assumption; as often as it asks for choices."""
    choices = body.get("n")
    times = choices if isinstance(choices, int) and not isinstance(choices, bool) and 0 < choices <= 128 else 1
    for name in ("max_completion_tokens", "max_tokens", "max_output_tokens"):
        limit = body.get(name)
        if isinstance(limit, int) and not isinstance(limit, bool) and 0 < limit < 10_000_000:
            return limit * times
    return DEFAULT_OUTPUT_TOKENS * times


_TEXTS = ("text", "arguments", "output", "thinking", "content", "input", "summary", "refusal")
"""Fields of a part, a block or an item that hold text, or more of their kind."""
_PICTURES = frozenset({"image_url", "image", "input_image"})
_LEVELS = 6


def _parts(value: object, levels: int) -> tuple[int, int]:
    """Characters and images of content, however its dialect nests it. A text's `type` says what it is, not the text."""
    if isinstance(value, str):
        return len(value), 0
    if isinstance(value, list):
        if value and isinstance(value[0], int):  # token ids
            return 4 * len(value), 0
        found = [_parts(each, levels) for each in value]
        return sum(characters for characters, _ in found), sum(images for _, images in found)
    if not isinstance(value, dict) or levels == 0:
        return 0, 0
    if value.get("type") in _PICTURES or "image_url" in value:
        return 0, 1
    if value.get("type") == "tool_use":
        return len(str(value.get("input"))), 0
    found = [_parts(value[name], levels - 1) for name in _TEXTS if name in value]
    return sum(characters for characters, _ in found), sum(images for _, images in found)
