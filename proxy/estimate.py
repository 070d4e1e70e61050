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
    """Tokens of a request in OpenAI's shape: messages, prompt or input, and the tools it declares."""
    characters, extra = 0, 0
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else ():
        extra += TOKENS_PER_MESSAGE
        if isinstance(message, dict):
            content = message.get("content")
            if isinstance(content, str):
                characters += len(content)
            else:
                more, images = _parts(content)
                characters += more
                extra += images * IMAGE_TOKENS
    for name in ("prompt", "input"):
        characters += _text_length(body.get(name))
    if tools := body.get("tools"):
        characters += len(str(tools))
    return tokens_of_text(model, characters) + extra


def output_tokens(body: dict[str, Any]) -> int:
    """The output a request may produce: its own limit, else an assumption."""
    for name in ("max_completion_tokens", "max_tokens"):
        limit = body.get(name)
        if isinstance(limit, int) and not isinstance(limit, bool) and 0 < limit < 10_000_000:
            return limit
    return DEFAULT_OUTPUT_TOKENS


def _parts(content: object) -> tuple[int, int]:
    characters = images = 0
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict):
            if isinstance(text := part.get("text"), str):
                characters += len(text)
            images += "image_url" in part
    return characters, images


def _text_length(value: object) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list):
        if value and isinstance(value[0], int):  # token ids
            return 4 * len(value)
        return sum(_text_length(entry) for entry in value)
    return 0
