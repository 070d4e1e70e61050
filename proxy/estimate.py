"""Token estimates from the size of a text: what a call would cost before it is sent, and what an unreported one did.

No tokenizer is downloaded. A text's size is its bytes in UTF-8: for English one for each character, and for scripts of
which a character is two or three bytes so much more, as their characters cost so much more tokens (docs/estimates.md
has figures). How many make a token is what vendors state of English: OpenAI and Google about 4; Anthropic 3.5, and 30 %
more tokens of the same text since Opus 4.7; DeepSeek 0.3 tokens for a character; Qwen 3 to 4. The ledger corrects it.
"""

from functools import lru_cache
from typing import Any, NamedTuple

_BYTES_PER_TEN_TOKENS = (
    *((f"claude-{model}", 27) for model in ("opus-4-7", "opus-4-8", "opus-5", "sonnet-5", "fable", "mythos")),
    *(("claude", 35), ("gemini", 40), ("mistral", 37), ("deepseek", 33), ("qwen", 34)),
)
_DEFAULT = 40
TOKENS_PER_MESSAGE = 4
IMAGE_TOKENS = 765
"""What a 1024 × 1024 image costs on gpt-4o at high detail."""
DEFAULT_OUTPUT_TOKENS = 512
"""Assumed output of a call that sets no limit, to a model of which nothing is known."""


_SAMPLE = 128
"""Characters, at least: so a text of any length takes a microsecond at most."""


class Size(NamedTuple):
    """Of a request, whatever model reads it."""

    text: int
    """Bytes in UTF-8."""
    messages: int
    others: int
    """Parts that are no text: an estimate of theirs is not corrected, and none is learnt from."""


@lru_cache(maxsize=1024)
def _bytes_per_ten_tokens(model: str) -> int:
    return next((ratio for family, ratio in _BYTES_PER_TEN_TOKENS if family in model), _DEFAULT)


def weight(text: str) -> int:
    """The size of a text: bytes in UTF-8; of a long one that is not ASCII, by characters from all over it."""
    if text.isascii():
        return len(text)
    count = len(text)
    if count < 2 * _SAMPLE:
        return len(text.encode("utf-8", "surrogatepass"))
    sample = text[:: count // _SAMPLE]
    return len(sample.encode("utf-8", "surrogatepass")) * count // len(sample)


def tokens_of_text(model: str, size: int) -> int:
    """Bytes → tokens, rounded up."""
    return -(-10 * size // _bytes_per_ten_tokens(model))


def tokens_of(model: str, size: Size, percent: int = 100) -> int:
    """Tokens of a request of that size; `percent`: what the ledger has taught of the model."""
    tokens = tokens_of_text(model, size.text) + size.messages * TOKENS_PER_MESSAGE
    return (tokens if percent == 100 else -(-tokens * percent // 100)) + size.others * IMAGE_TOKENS


def input_tokens(model: str, body: dict[str, Any], percent: int = 100) -> int:
    """Tokens of a request in any caller's dialect: its messages, instructions, prompt or input, and its tools."""
    return tokens_of(model, size(body), percent)


def size(body: dict[str, Any]) -> Size:
    """How much there is to read in a request."""
    text = count = others = 0
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else ():
        count += 1
        if isinstance(message, dict):
            content = message.get("content")
            if isinstance(content, str):
                text += len(content) if content.isascii() else weight(content)
            else:
                more, parts = _parts(content, _LEVELS)
                text += more
                others += parts
            if calls := message.get("tool_calls"):
                text += weight(str(calls))
    for name in ("system", "instructions", "prompt", "input"):
        if (value := body.get(name)) is not None:
            more, parts = _parts(value, _LEVELS)
            text += more
            others += parts
    if tools := body.get("tools"):
        text += weight(str(tools))
    return Size(text, count, others)


def output_tokens(body: dict[str, Any], usual: int = DEFAULT_OUTPUT_TOKENS) -> int:
    """The output a request may produce: its own limit, as often as it asks for choices; else what is usual."""
    choices = body.get("n")
    times = choices if isinstance(choices, int) and not isinstance(choices, bool) and 0 < choices <= 128 else 1
    limit = limit_of(body)
    return (usual if limit is None else limit) * times


def limit_of(body: dict[str, Any]) -> int | None:
    """The limit that a request sets to its output; None: none that holds."""
    for name in ("max_completion_tokens", "max_tokens", "max_output_tokens"):
        limit = body.get(name)
        if isinstance(limit, int) and not isinstance(limit, bool) and 0 < limit < 10_000_000:
            return limit
    return None


_TEXTS = ("text", "arguments", "output", "thinking", "content", "input", "summary", "refusal")
"""Fields of a part, a block or an item that hold text, or more of their kind."""
_PICTURES = frozenset({"image_url", "image", "input_image"})
_WITHOUT_TEXT = frozenset({"input_audio", "audio", "file", "input_file", "document", "video", "input_video"})
"""Kinds of parts whose size says nothing of their tokens."""
_LEVELS = 6


def _parts(value: object, levels: int) -> tuple[int, int]:
    """Bytes of text, and parts that are none, however a dialect nests them. A text's `type` says what it is, not the
    text."""
    if isinstance(value, str):
        return weight(value), 0
    if isinstance(value, list):
        if value and isinstance(value[0], int):  # token ids
            return 4 * len(value), 0
        found = [_parts(each, levels) for each in value]
        return sum(text for text, _ in found), sum(others for _, others in found)
    if not isinstance(value, dict) or levels == 0:
        return 0, 0
    kind = value.get("type")
    if kind == "document" and isinstance(source := value.get("source"), dict) and isinstance(source.get("data"), str):
        return (weight(source["data"]), 0) if source.get("type") == "text" else (0, 1)
    if (isinstance(kind, str) and (kind in _PICTURES or kind in _WITHOUT_TEXT)) or "image_url" in value:
        return 0, 1
    if kind == "tool_use":
        return weight(str(value.get("input"))), 0
    found = [_parts(value[name], levels - 1) for name in _TEXTS if name in value]
    return sum(text for text, _ in found), sum(others for _, others in found)
