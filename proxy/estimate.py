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
    """Parts that are no text, in pictures: an estimate of theirs is not corrected, and none is learnt from."""
    writes: str = ""
    """`5m` or `1h`: some of it is to be kept in a cache for so long, which costs more than reading it."""
    searches: int = 0
    """How often the provider may search the web for it, or once where that is not said."""


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


def text_of_tokens(model: str, tokens: int) -> int:
    """Bytes of the longest text that is estimated to be no more tokens than that."""
    return tokens * _bytes_per_ten_tokens(model) // 10


def tokens_of(model: str, size: Size, percent: int = 100) -> int:
    """Tokens of a request of that size; `percent`: what the ledger has taught of the model."""
    tokens = tokens_of_text(model, size.text) + size.messages * TOKENS_PER_MESSAGE
    return (tokens if percent == 100 else -(-tokens * percent // 100)) + size.others * IMAGE_TOKENS


def input_tokens(model: str, body: dict[str, Any], percent: int = 100) -> int:
    """Tokens of a request in any caller's dialect: its messages, instructions, prompt or input, and its tools."""
    return tokens_of(model, size(body), percent)


def size(body: dict[str, Any]) -> Size:
    """How much there is to read in a request. What a parameter says that is not known here is read, too."""
    reading = _Reading()
    count = searches = 0
    for name, value in body.items():
        if name in _NOT_READ or type(value) not in _READABLE or not value:
            continue
        if name == "messages" and isinstance(value, list):
            for message in value:
                count += 1
                if isinstance(message, dict):
                    content = message.get("content")
                    if len(message) == 2 and isinstance(content, str):  # with its role; most are
                        reading.text += len(content) if content.isascii() else weight(content)
                    else:
                        reading.message(message)
        elif name in _PROMPTS:
            reading.take(value, _LEVELS)
        elif isinstance(value, str):
            reading.text += weight(value)
        else:
            text = str(value)
            reading.text += weight(text)
            if name == "tools" and isinstance(value, list):
                if "cache_control" in text:
                    for tool in value:
                        if isinstance(tool, dict):
                            reading.mark(tool)
                searches = _searches(value) if "web_search" in text else 0
    if "cache_control" in body:
        reading.mark(body)
    return Size(reading.text, count, reading.others, reading.writes, searches)


LIMITS = {
    "chat": ("max_completion_tokens", "max_tokens"),
    "completions": ("max_tokens",),
    "responses": ("max_output_tokens",),
    "messages": ("max_tokens",),
}
"""What an endpoint calls the limit of its output. Of two, nobody knows by which a provider goes."""
LENGTHS = frozenset({
    "max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens", "max_tokens_to_sample",
    "maxOutputTokens", "min_tokens",
})  # fmt: skip
"""What any provider takes for one. Where the endpoint does not know it, it may hold or not: more is believed, less is
not."""
_LONGER = {
    endpoint: (LENGTHS - {*own}) | {"n", "best_of", "prompt", "thinking", "thinking_budget", "reasoning", "prediction"}
    for endpoint, own in {**LIMITS, "": ()}.items()
}
"""Parameters beside it that may make more of the output."""
MOST_OUTPUT = 10**9
"""Tokens: no reply is longer, and what it costs still fits into a row."""


def output_tokens(endpoint: str, body: dict[str, Any], usual: int = DEFAULT_OUTPUT_TOKENS, model: str = "") -> int:
    """The output a request may produce: the largest limit of its own, else what is usual; and that for each choice of
    each prompt. Thinking counts beside it where it is not within it, and a prediction, which is charged if it fails."""
    limit, said = None, 0
    for name in LIMITS.get(endpoint, ()):
        if (value := body.get(name)) is not None:
            if type(value) is int and value > 0:
                limit = max(limit or 0, value)
            else:
                said = max(said, _number(value))
    most = max(usual if limit is None else limit, said)
    if _LONGER.get(endpoint, _LONGER[""]).isdisjoint(body):
        return min(most, MOST_OUTPUT)
    for name in LENGTHS.intersection(body):
        most = max(most, _number(body[name]))
    if budget := thinking_tokens(body):
        most += budget if limit is None or budget >= limit else 0
    if prediction := body.get("prediction"):
        most += tokens_of_text(model, weight(str(prediction)))
    times = max(_number(body.get("n")), _number(body.get("best_of")), 1)
    prompts = body.get("prompt")
    if isinstance(prompts, list) and prompts and not isinstance(prompts[0], int):
        times *= len(prompts)
    return min(most * times, MOST_OUTPUT)


def thinking_tokens(body: dict[str, Any]) -> int:
    """Tokens that it may take, where that is said: by Anthropic's parameter, OpenRouter's or Qwen's."""
    budget = _number(body.get("thinking_budget"))
    for name, field in (("thinking", "budget_tokens"), ("reasoning", "max_tokens")):
        if isinstance(said := body.get(name), dict):
            budget = max(budget, _number(said.get(field)))
    return budget


def _number(value: object) -> int:
    """Of what a provider may take for a number: `3`, `3.0`, `"3"`; 0 where it is none, or below."""
    if value is None or isinstance(value, bool):
        return 0
    if isinstance(value, str) and value.isdecimal() and len(value) < 20:
        value = int(value)
    return int(min(max(value, 0), MOST_OUTPUT)) if isinstance(value, (int, float)) else 0


def _searches(tools: list[Any]) -> int:
    kinds = [each for each in tools if isinstance(each, dict) and str(each.get("type")).startswith("web_search")]
    return sum(max(_number(each.get("max_uses")), 1) for each in kinds)


_READABLE = (str, list, dict)
_PROMPTS = frozenset({"system", "instructions", "prompt", "input"})
_NOT_READ = frozenset({
    "model", "models", "metadata", "client_metadata", "user", "safety_identifier", "prompt_cache_key", "stop",
    "stop_sequences", "logit_bias", "stream_options", "service_tier", "prediction", "thinking", "reasoning",
    "modalities", "audio", "include", "provider", "plugins", "fallbacks", "preset", "cache_control",
    "prompt_cache_options",
})  # fmt: skip
"""Parameters that say how to answer, and are no part of what the model reads."""
_TEXTS = ("text", "arguments", "output", "thinking", "content", "input", "summary", "refusal")
"""Fields of a part, a block or an item that hold text, or more of their kind."""
_PICTURES = frozenset({"image_url", "image", "input_image"})
_WITHOUT_TEXT = frozenset({"input_audio", "audio", "file", "input_file", "document", "video", "input_video"})
"""Kinds of parts whose text cannot be seen."""
_DATA = ("data", "file_data")
_BYTES_PER_PICTURE = 16_000
"""Of a file in base64: about 20 bytes for a token, as in a PDF of text. Where it is named by URL or id alone, it is one
picture."""
_LEVELS = 6


class _Reading:
    """What was found so far, however a dialect nests it."""

    __slots__ = ("others", "text", "writes")

    def __init__(self) -> None:
        self.text = 0
        self.others = 0
        self.writes = ""

    def message(self, message: dict[str, Any]) -> None:
        for name, value in message.items():
            if name == "content":
                if isinstance(value, str):
                    self.text += len(value) if value.isascii() else weight(value)
                else:
                    self.take(value, _LEVELS)
            elif name != "role" and value:
                self.text += weight(value if isinstance(value, str) else str(value))

    def take(self, value: object, levels: int) -> None:
        """A text's `type` says what it is, not the text."""
        if isinstance(value, str):
            self.text += len(value) if value.isascii() else weight(value)
        elif isinstance(value, list):
            if value and isinstance(value[0], int):  # token ids
                self.text += 4 * len(value)
            else:
                for each in value:
                    self.take(each, levels)
        elif isinstance(value, dict) and levels:
            self._take_part(value, levels)

    def _take_part(self, part: dict[str, Any], levels: int) -> None:
        if "cache_control" in part:
            self.mark(part)
        kind = part.get("type")
        if kind == "document" and isinstance(source := part.get("source"), dict):
            if source.get("type") == "text":
                self.take(source.get("data"), 0)
                return
            if source.get("type") == "content":
                self.take(source.get("content"), levels - 1)
                return
        if (isinstance(kind, str) and kind in _PICTURES) or "image_url" in part:
            self.others += 1
        elif isinstance(kind, str) and kind in _WITHOUT_TEXT:
            self.others += 1 + _data(part) // _BYTES_PER_PICTURE
        elif kind == "tool_use":
            self.text += weight(str(part.get("input")))
        else:
            for name in _TEXTS:
                if name in part:
                    self.take(part[name], levels - 1)

    def mark(self, part: dict[str, Any]) -> None:
        """Note what is to be kept up to this part, if anything."""
        if (mark := part.get("cache_control")) and self.writes != "1h":
            self.writes = "1h" if isinstance(mark, dict) and mark.get("ttl") == "1h" else "5m"


def _data(part: dict[str, Any]) -> int:
    """Bytes of a file that came with the request, in base64."""
    inside = [part, *(part[name] for name in ("source", "file", "input_audio") if isinstance(part.get(name), dict))]
    return sum(len(data) for each in inside for name in _DATA if isinstance(data := each.get(name), str))
