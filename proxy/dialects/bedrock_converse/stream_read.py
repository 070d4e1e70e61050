"""Messages of ConverseStream → events.

Each is one JSON object, `{"<what it is>": payload}`, as `proxy.eventstream.wrapped` makes it.
There is no mark of the end: a stream has ended where its reason has come and the provider has closed.
"""

import msgspec

from proxy.canonical.events import (
    ArgumentsAdded,
    Cited,
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
from proxy.dialects.bedrock_converse.errors import exception_of, is_exception
from proxy.dialects.bedrock_converse.finish import finish_of
from proxy.dialects.bedrock_converse.messages_write import NAME
from proxy.dialects.bedrock_converse.reply_read import usage_of
from proxy.dialects.bedrock_converse.wire import (
    NOTHING,
    BlockDelta,
    BlockStart,
    ReasoningContent,
    decode_event,
)
from proxy.dialects.provider_error import NotThisDialect


class Reader:
    """One stream."""

    def __init__(self) -> None:
        self._tools: dict[int, int] = {}
        """Block → which call it is; blocks that have ended are gone."""
        self._calls = 0
        self._silent: set[int] = set()
        """Calls without arguments so far, by block."""
        self._thinking: set[int] = set()
        """Blocks of thoughts that are not signed yet."""
        self._finished = False

    def read(self, data: bytes) -> list[Event]:
        """Raises ProviderError for an exception, NotThisDialect for malformed data."""
        try:
            said = decode_event(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NotThisDialect(str(error)) from None
        if said.content_block_delta:
            return self._added(said.content_block_delta)
        if said.content_block_start:
            return self._began(said.content_block_start)
        if said.content_block_stop:
            return self._stopped(said.content_block_stop.content_block_index)
        if said.message_start is not None:
            return [Started()]
        if stop := said.message_stop:
            self._finished = True
            beside = stop.additional_model_response_fields
            sequence = beside.stop_sequence if beside else None
            return [Finished(reason=finish_of(stop.stop_reason), stop_sequence=sequence)]
        if said.metadata:
            tier = said.metadata.service_tier
            return [UsageSeen(usage=usage_of(said.metadata.usage), service_tier=tier.type if tier else None)]
        _raise_exception(data)
        return []

    def closed(self) -> list[Event]:
        return [Ended()] if self._finished else []

    def _began(self, began: BlockStart) -> list[Event]:
        call = began.start.tool_use
        if call is None or call.type is not None:
            return []
        tool, self._calls = self._calls, self._calls + 1
        self._tools[began.content_block_index] = tool
        self._silent.add(began.content_block_index)
        return [ToolCalled(id=call.tool_use_id, name=call.name, tool=tool)]

    def _added(self, added: BlockDelta) -> list[Event]:
        delta = added.delta
        if delta.text is not None:
            return [TextAdded(text=delta.text)] if delta.text else []
        if delta.tool_use:
            return self._argued(added.content_block_index, delta.tool_use.input)
        if delta.reasoning_content:
            return self._thought(added.content_block_index, delta.reasoning_content)
        if delta.citation:
            return [Cited(citation=delta.citation.citation())]
        return []

    def _argued(self, block: int, given: msgspec.Raw) -> list[Event]:
        tool = self._tools.get(block)
        if tool is None or given is NOTHING:
            return []
        try:
            text = msgspec.json.decode(given, type=str)
        except msgspec.DecodeError as error:
            raise NotThisDialect(str(error)) from None
        if not text:
            return []
        self._silent.discard(block)
        return [ArgumentsAdded(text=text, tool=tool)]

    def _thought(self, block: int, said: ReasoningContent) -> list[Event]:
        events: list[Event] = []
        if said.text:
            self._thinking.add(block)
            events.append(ReasoningAdded(text=said.text))
        if said.redacted_content is not None:
            events.append(ReasoningSigned(signature=said.redacted_content, origin=NAME, redacted=True))
        if said.signature:
            self._thinking.discard(block)
            events.append(ReasoningSigned(signature=said.signature, origin=NAME))
        return events

    def _stopped(self, block: int) -> list[Event]:
        if block in self._thinking:
            self._thinking.discard(block)
            return [PartEnded()]
        tool = self._tools.pop(block, None)
        if tool is None:
            return []
        events: list[Event] = [PartEnded(tool=tool)]
        if block in self._silent:
            self._silent.discard(block)
            events.insert(0, ArgumentsAdded(text="{}", tool=tool))
        return events


def _raise_exception(data: bytes) -> None:
    """What is no event that we know is skipped, or it is an exception. Raises ProviderError."""
    for name, said in msgspec.json.decode(data).items():
        if is_exception(name):
            raise exception_of(name, said)
