"""A provider's streamed response → events.

Keeps true: one frame in, its events out, and nothing is held but which parts are open. The `*.done` events repeat what
the deltas said; only calls whose arguments came without deltas are read from them. Unknown events and fields are
skipped.
"""

from typing import Any

import msgspec

from proxy.canonical.events import (
    ArgumentsAdded,
    Cited,
    DeclinedAdded,
    Ended,
    Event,
    Finished,
    PartEnded,
    ReasoningAdded,
    ReasoningSigned,
    Started,
    TextAdded,
    ToolCalled,
    UsageSeen,
)
from proxy.dialects.openai_error import error_of
from proxy.dialects.openai_responses.annotations import LogprobSaid, citation_of, tokens_of
from proxy.dialects.openai_responses.opaque import NAME
from proxy.dialects.openai_responses.reply_read import call_of
from proxy.dialects.openai_responses.reply_shape import (
    Item,
    Response,
    failure_of,
    finish_of,
    raise_if_failed,
    said,
    usage_of,
)
from proxy.dialects.provider_error import NotThisDialect


class _Event(msgspec.Struct, tag_field="type"):
    pass


class _TextDelta(_Event, tag="response.output_text.delta"):
    delta: str
    logprobs: list[LogprobSaid] | None = None


class _RefusalDelta(_Event, tag="response.refusal.delta"):
    delta: str


class _SummaryDelta(_Event, tag="response.reasoning_summary_text.delta"):
    delta: str
    output_index: int = 0
    summary_index: int = 0


class _ReasoningDelta(_Event, tag="response.reasoning_text.delta"):
    delta: str
    output_index: int = 0


class _ArgumentsDelta(_Event, tag="response.function_call_arguments.delta"):
    delta: str
    output_index: int = 0


class _InputDelta(_Event, tag="response.custom_tool_call_input.delta"):
    delta: str
    output_index: int = 0


class _Annotation(_Event, tag="response.output_text.annotation.added"):
    annotation: Any = None


class _ItemAdded(_Event, tag="response.output_item.added"):
    item: Item | None = None
    output_index: int = 0


class _PartKind(msgspec.Struct):
    type: Any = None


class _PartDone(_Event, tag="response.content_part.done"):
    part: _PartKind | None = None


class _ItemDone(_Event, tag="response.output_item.done"):
    item: Item | None = None
    output_index: int = 0


class _Created(_Event, tag="response.created"):
    response: Response


class _Completed(_Event, tag="response.completed"):
    response: Response


class _Incomplete(_Event, tag="response.incomplete"):
    response: Response


class _Failed(_Event, tag="response.failed"):
    response: Response


class _Error(_Event, tag="error"):
    error: Any = None
    message: Any = None
    code: Any = None
    param: Any = None


class _Other(msgspec.Struct):
    type: Any = None
    error: Any = None


_KNOWN = (
    _TextDelta
    | _RefusalDelta
    | _SummaryDelta
    | _ReasoningDelta
    | _ArgumentsDelta
    | _InputDelta
    | _Annotation
    | _ItemAdded
    | _PartDone
    | _ItemDone
    | _Created
    | _Completed
    | _Incomplete
    | _Failed
    | _Error
)
_TYPES = frozenset(each.__struct_config__.tag for each in _KNOWN.__args__)
_decode = msgspec.json.Decoder(_KNOWN).decode
_decode_other = msgspec.json.Decoder(_Other).decode
_DONE = b"[DONE]"
"""Some imitators end as chat does."""


class StreamReader:
    """For one stream."""

    def __init__(self) -> None:
        self._calls: dict[int, int] = {}
        """Output index → which tool call."""
        self._said: set[int] = set()
        """Tool calls whose arguments came in deltas."""
        self._thoughts: dict[int, tuple[str, int]] = {}
        """Output index → the kind of thoughts that came first, and the summary they are in."""
        self._declined = False

    def read(self, data: bytes) -> list[Event]:
        """Raises ProviderError for an error, NotThisDialect for malformed data."""
        try:
            return self._events(_decode(data))
        except msgspec.ValidationError as error:
            return self._unknown(data, error)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NotThisDialect(str(error)) from None

    def closed(self) -> list[Event]:
        """Nothing: the end is an event of its own."""
        return []

    def _unknown(self, data: bytes, error: msgspec.ValidationError) -> list[Event]:
        try:
            other = _decode_other(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            if data.strip() == _DONE:
                return []
            raise NotThisDialect(str(error)) from None
        if other.error:
            raise error_of(other.error)
        if isinstance(other.type, str) and other.type in _TYPES:
            raise NotThisDialect(f"{other.type}: {error}")
        return []

    def _events(self, event: Any) -> list[Event]:
        kind = type(event)
        if kind is _TextDelta:
            return [TextAdded(text=event.delta, logprobs=tokens_of(event.logprobs))]
        if kind is _ArgumentsDelta or kind is _InputDelta:
            return self._arguments(event.output_index, event.delta)
        if kind is _SummaryDelta:
            return self._thought(event.output_index, "summary", event.summary_index, event.delta)
        if kind is _ReasoningDelta:
            return self._thought(event.output_index, "text", 0, event.delta)
        if kind is _RefusalDelta:
            self._declined = True
            return [DeclinedAdded(text=event.delta)]
        if kind is _ItemAdded:
            return self._added(event.output_index, event.item) if event.item else []
        if kind is _PartDone:
            return [PartEnded()] if event.part and event.part.type in ("output_text", "refusal") else []
        if kind is _ItemDone:
            return self._done(event.output_index, event.item) if event.item else []
        if kind is _Annotation:
            citation = citation_of(event.annotation)
            return [Cited(citation=citation)] if citation else []
        if kind is _Created:
            raise_if_failed(event.response)
            return [
                Started(id=said(event.response.id), model=said(event.response.model), created=event.response.created)
            ]
        if kind is _Error:
            raise error_of(event.error if event.error else {"message": event.message, "code": event.code})
        if kind is _Failed:
            raise failure_of(event.response)
        return self._end(event.response)

    def _added(self, index: int, item: Item) -> list[Event]:
        call = call_of(item)
        if call is None or index in self._calls:
            return []
        tool = self._calls[index] = len(self._calls)
        return [ToolCalled(id=call.id, name=call.name, tool=tool, free=call.free)]

    def _arguments(self, index: int, delta: str) -> list[Event]:
        tool = self._calls.get(index)
        if tool is None:
            return []
        self._said.add(tool)
        return [ArgumentsAdded(text=delta, tool=tool)]

    def _thought(self, index: int, kind: str, summary: int, delta: str) -> list[Event]:
        before = self._thoughts.get(index)
        if before is None or before == (kind, summary):
            self._thoughts[index] = (kind, summary)
            return [ReasoningAdded(text=delta)]
        if before[0] != kind:
            return []
        self._thoughts[index] = (kind, summary)
        return [ReasoningAdded(text="\n\n" + delta)]

    def _done(self, index: int, item: Item) -> list[Event]:
        if item.type == "reasoning":
            return self._reasoned(index, item)
        call = call_of(item)
        if call is None:
            return []
        events = self._added(index, item)
        tool = self._calls[index]
        if tool not in self._said and call.arguments:
            events.append(ArgumentsAdded(text=call.arguments, tool=tool))
        return [*events, PartEnded(tool=tool)]

    def _reasoned(self, index: int, item: Item) -> list[Event]:
        shown = self._thoughts.pop(index, None) is not None
        if isinstance(item.encrypted_content, str) and item.encrypted_content:
            return [
                ReasoningSigned(signature=item.encrypted_content, origin=NAME, redacted=not shown, id=said(item.id))
            ]
        return [PartEnded()] if shown else []

    def _end(self, response: Response) -> list[Event]:
        raise_if_failed(response)
        finish = finish_of(response, called=bool(self._calls), declined=self._declined)
        usage = UsageSeen(usage=usage_of(response), service_tier=said(response.service_tier))
        return [Finished(reason=finish), usage, Ended()]
