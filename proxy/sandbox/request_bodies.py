"""What OpenAI's endpoints are asked, as structs of what the sandbox looks at."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from proxy.sandbox.api_error import ApiError

Count = Annotated[int, Meta(ge=1)]
Texts = str | Annotated[list[str | int | list[int]], Meta(min_length=1, max_length=2048)]
"""A text, texts, one text as token ids, or several of those."""


class StreamOptions(msgspec.Struct):
    include_usage: bool | None = False


class Turn(msgspec.Struct):
    """What of a message the reply follows from."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[dict[str, Any]] | None = None
    tool_calls: list[dict[str, Any]] | None = None


class Message(Turn):
    tool_call_id: str | None = None


class Asked(msgspec.Struct):
    """What all of OpenAI's endpoints are asked."""

    model: str = ""
    """Empty: the address says it."""

    def basis(self) -> tuple[object, ...]:
        """What the reply follows from. Streaming, limits and attribution are no part of it."""
        raise NotImplementedError


class Generation(Asked):
    """What both text endpoints are asked."""

    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = 1
    max_tokens: Count | None = None
    stop: str | Annotated[list[str], Meta(max_length=4)] | None = None
    seed: int | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None

    def __post_init__(self) -> None:
        if self.stream_options is not None and not self.stream:
            message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
            raise ApiError(400, message, param="stream_options")

    @property
    def wants_usage_chunk(self) -> bool:
        return bool(self.stream_options and self.stream_options.include_usage)

    @property
    def stops(self) -> list[str]:
        stops = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return [stop for stop in stops if stop]


class ChatAsked(Generation, kw_only=True):
    messages: Annotated[list[Message], Meta(min_length=1)]
    max_completion_tokens: Count | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    reasoning_effort: str | None = None
    prediction: dict[str, Any] | None = None
    logprobs: bool | None = False
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.top_logprobs and not self.logprobs:
            message = "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled."
            raise ApiError(400, message, param="top_logprobs")

    def basis(self) -> tuple[object, ...]:
        turns = [Turn(message.role, message.content, message.tool_calls) for message in self.messages]
        return (self.model, turns, self.tools, self.tool_choice, self.response_format, self.seed)


class CompletionAsked(Generation, kw_only=True):
    prompt: Texts = "<|endoftext|>"
    logprobs: Annotated[int, Meta(ge=0, le=5)] | None = None

    def basis(self) -> tuple[object, ...]:
        return (self.model, self.prompt, self.seed)


class EmbeddingAsked(Asked, kw_only=True):
    input: Texts
    dimensions: Annotated[int, Meta(ge=1, le=16_384)] | None = None
    encoding_format: Literal["float", "base64"] | None = "float"

    def basis(self) -> tuple[object, ...]:
        return (self.model, self.input, self.dimensions)


def each_text(texts: Texts) -> list[str | list[int]]:
    """One by one: texts, or lists of token ids. Raises ApiError for a mixture."""
    if isinstance(texts, str):
        return [texts]
    if all(isinstance(text, int) for text in texts):
        return [[number for number in texts if isinstance(number, int)]]
    found = [text for text in texts if not isinstance(text, int)]
    if len({type(text) for text in texts}) > 1:
        raise ApiError(400, "Invalid input: texts and token ids may not be mixed.", code="invalid_type")
    return found
