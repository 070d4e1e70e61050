"""A stream of a provider that speaks chat → events.

Keeps true: a tool call begins once, whatever its provider repeats or leaves out; no text is kept; after a choice has
finished nothing more comes of it; only `[DONE]` ends the stream.
"""

from typing import Any

import msgspec

from proxy.canonical.events import (
    MOST_CHOICES,
    Cited,
    DeclinedAdded,
    Ended,
    Event,
    Finished,
    ReasoningAdded,
    ReasoningSigned,
    Started,
    TextAdded,
    UsageSeen,
)
from proxy.dialects.openai_chat.errors import error_of
from proxy.dialects.openai_chat.reasoning_details import ORIGIN, read_details
from proxy.dialects.openai_chat.reply_read import (
    citation_of,
    content_parts,
    finish_of,
    logprobs_of,
    text_or_none,
    usage_of,
)
from proxy.dialects.openai_chat.tap import DONE
from proxy.dialects.openai_chat.tool_deltas import ToolDelta, ToolDeltas
from proxy.dialects.provider_error import NotThisDialect


class _Delta(msgspec.Struct):
    content: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    reasoning_details: Any = None
    tool_calls: list[ToolDelta] | None = None
    function_call: Any = None
    refusal: Any = None
    annotations: Any = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    message: _Delta | None = None
    """Where a provider answers a stream with a whole reply."""
    index: int = 0
    finish_reason: Any = None
    stop_reason: Any = None
    logprobs: Any = None


class _Groq(msgspec.Struct):
    usage: Any = None
    error: Any = None


class Chunk(msgspec.Struct):
    """One frame; every leaf may be anything."""

    choices: list[_Choice] | None = None
    id: Any = None
    model: Any = None
    created: Any = None
    service_tier: Any = None
    usage: Any = None
    error: Any = None
    object: Any = None
    x_groq: _Groq | None = None


_decode = msgspec.json.Decoder(Chunk).decode


class ChatReader:
    """Reads one stream."""

    def __init__(self) -> None:
        self._started = False
        self._tools: dict[int, ToolDeltas] = {}
        """Choice → its tool calls."""
        self._finished: set[int] = set()
        self._declined: set[int] = set()
        """Choices in which the model refuses in words."""

    def read(self, data: bytes) -> list[Event]:
        """The payload of one frame → events. Raises ProviderError, NotThisDialect."""
        if data == DONE:
            return [Ended()]
        try:
            chunk = _decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as defect:
            raise NotThisDialect("the frame is no chat completion chunk") from defect
        if chunk.error:
            raise error_of(chunk.error)
        if chunk.object == "error":
            raise error_of(msgspec.json.decode(data))
        events: list[Event] = []
        choices = chunk.choices
        if not self._started and (choices or chunk.id or chunk.model):
            self._started = True
            events.append(_started(chunk))
        for choice in choices or ():
            if choice.index not in self._finished:
                self._read_choice(choice, events)
        if chunk.usage is not None or chunk.x_groq is not None:
            _read_usage(chunk, events)
        return events

    def closed(self) -> list[Event]:
        """A stream without `[DONE]` was cut."""
        return []

    def _read_choice(self, choice: _Choice, events: list[Event]) -> None:
        delta, at = choice.delta or choice.message, choice.index
        if not 0 <= at < MOST_CHOICES:
            raise NotThisDialect(f"a choice {at}")
        if delta is not None:
            if delta.reasoning_details is not None:
                _read_details(delta, at, events)
            elif (thought := delta.reasoning_content or delta.reasoning) and isinstance(thought, str):
                events.append(ReasoningAdded(text=thought, choice=at))
            content = delta.content
            if content or choice.logprobs is not None:
                _read_content(choice, content, events)
            if delta.tool_calls:
                self._deltas(at).read(delta.tool_calls, events)
            if delta.refusal or delta.function_call or delta.annotations:
                self._read_rare(delta, at, events)
        if choice.finish_reason:
            self._finish(choice, events)

    def _read_rare(self, delta: _Delta, at: int, events: list[Event]) -> None:
        if isinstance(delta.refusal, str) and delta.refusal:
            events.append(DeclinedAdded(text=delta.refusal, choice=at))
            self._declined.add(at)
        if isinstance(delta.function_call, dict):
            self._deltas(at).read_function(delta.function_call, events)
        if isinstance(delta.annotations, list):
            for citation in map(citation_of, delta.annotations):
                if citation is not None:
                    events.append(Cited(citation=citation, choice=at))

    def _finish(self, choice: _Choice, events: list[Event]) -> None:
        at = choice.index
        tools = self._tools.pop(at, None)
        called = tools is not None and tools.count > 0
        reason = finish_of(choice.finish_reason, called=called, declined=at in self._declined)
        matched = text_or_none(choice.stop_reason) if reason == "stop" else None
        self._finished.add(at)
        events.append(Finished(reason="stop_sequence" if matched else reason, choice=at, stop_sequence=matched))

    def _deltas(self, at: int) -> ToolDeltas:
        tools = self._tools.get(at)
        if tools is None:
            tools = self._tools[at] = ToolDeltas(at)
        return tools


def _started(chunk: Chunk) -> Started:
    created = chunk.created
    return Started(
        id=text_or_none(chunk.id),
        model=text_or_none(chunk.model),
        created=created if isinstance(created, int) and not isinstance(created, bool) else None,
        service_tier=text_or_none(chunk.service_tier),
    )


def _read_content(choice: _Choice, content: object, events: list[Event]) -> None:
    at = choice.index
    if isinstance(content, str):
        logprobs = None if choice.logprobs is None else logprobs_of(choice.logprobs)
        if content or logprobs:
            events.append(TextAdded(text=content, choice=at, logprobs=logprobs))
        return
    for thought, text in content_parts(content):
        events.append(ReasoningAdded(text=text, choice=at) if thought else TextAdded(text=text, choice=at))


def _read_details(delta: _Delta, at: int, events: list[Event]) -> None:
    """The details repeat the plain text beside them; only where they hold none does that count."""
    details = delta.reasoning_details
    thoughts = read_details(details) if isinstance(details, list) else []
    plain = text_or_none(delta.reasoning_content) or text_or_none(delta.reasoning)
    if plain and not any(part.text for part in thoughts):
        events.append(ReasoningAdded(text=plain, choice=at))
    for part in thoughts:
        if part.text:
            events.append(ReasoningAdded(text=part.text, choice=at))
        if part.signature is not None:
            events.append(
                ReasoningSigned(signature=part.signature, origin=ORIGIN, redacted=part.redacted, id=part.id, choice=at)
            )


def _read_usage(chunk: Chunk, events: list[Event]) -> None:
    groq = chunk.x_groq
    if groq is not None and groq.error:
        raise error_of(groq.error)
    usage = chunk.usage if chunk.usage is not None else groq.usage if groq is not None else None
    if usage is not None:
        events.append(UsageSeen(usage=usage_of(usage), service_tier=text_or_none(chunk.service_tier)))
