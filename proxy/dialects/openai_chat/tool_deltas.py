"""Pieces of tool calls in a stream → events: which call a piece belongs to, and when a call begins.

OpenAI sends id and name once and says the index in every piece. Others repeat both, send whole calls, number all of
them 0, or number none; some send the id before the name.
"""

from typing import Any

import msgspec

from proxy.canonical.events import ArgumentsAdded, Event, ToolCalled
from proxy.dialects.openai_chat.reasoning_details import ORIGIN
from proxy.dialects.openai_chat.reply_read import arguments_text, call_signature, new_call_id, text_or_none
from proxy.dialects.provider_error import NotThisDialect

_MOST_CALLS = 1024
"""What is known of each call is kept until its choice ends."""
_UNNAMED_CHARACTERS = 64 * 1024
"""Arguments that are kept for a call whose name has not come yet."""


class _Function(msgspec.Struct):
    name: Any = None
    arguments: Any = None


class _Custom(msgspec.Struct):
    name: Any = None
    input: Any = None


class ToolDelta(msgspec.Struct):
    index: Any = None
    id: Any = None
    function: _Function | None = None
    custom: _Custom | None = None
    extra_content: Any = None


class _Call:
    def __init__(self, call_id: str | None) -> None:
        self.id = call_id
        self.name: str | None = None
        self.tool = -1
        """Its place among the calls; -1: it has not begun."""
        self.early = ""
        """Arguments that came before the name."""
        self.signature: str | None = None

    def is_another(self, call_id: str | None, name: str | None) -> bool:
        """Whether a piece with the same index belongs to a new call: it has a name, and differs in what names it."""
        if self.tool < 0 or name is None:
            return False
        return call_id != self.id if call_id and self.id else name != self.name


class ToolDeltas:
    """The tool calls of one choice."""

    def __init__(self, choice: int) -> None:
        self.count = 0
        """Calls that have begun."""
        self._choice = choice
        self._by_index: dict[int, _Call] = {}
        self._by_id: dict[str, _Call] = {}
        self._last: _Call | None = None

    def read(self, deltas: list[ToolDelta], events: list[Event]) -> None:
        for delta in deltas:
            free = delta.custom is not None
            if delta.custom is not None:
                name, arguments = delta.custom.name, delta.custom.input
            elif delta.function is not None:
                name, arguments = delta.function.name, delta.function.arguments
            else:
                name = arguments = None
            call = self._call_of(delta.index, text_or_none(delta.id), text_or_none(name))
            if delta.extra_content is not None:
                call.signature = call_signature(delta.extra_content) or call.signature
            self._add(call, text_or_none(name), arguments, free, events)

    def read_function(self, function: dict[str, Any], events: list[Event]) -> None:
        """The deprecated `function_call`: one call, without id and index."""
        name = text_or_none(function.get("name"))
        self._add(self._call_of(0, None, name), name, function.get("arguments"), False, events)

    def _call_of(self, index: object, call_id: str | None, name: str | None) -> _Call:
        if type(index) is int:
            known = self._by_index.get(index)
            call = known if known is not None and not known.is_another(call_id, name) else None
        elif call_id is not None:
            call = self._by_id.get(call_id)
        else:
            call = None if name else self._last
        if call is None:
            if len(self._by_index) + len(self._by_id) >= _MOST_CALLS:
                raise NotThisDialect(f"more than {_MOST_CALLS} tool calls")
            call = _Call(call_id)
        elif call.id is None:
            call.id = call_id
        if type(index) is int:
            self._by_index[index] = call
        elif call_id is not None:
            self._by_id[call_id] = call
        self._last = call
        return call

    def _add(self, call: _Call, name: str | None, arguments: object, free: bool, events: list[Event]) -> None:
        text = arguments_text(arguments)
        if call.tool < 0:
            if name is None:
                call.early += text
                if len(call.early) > _UNNAMED_CHARACTERS:
                    raise NotThisDialect("a tool call has arguments but no name")
                return
            text, call.early, call.name = call.early + text, "", name
            call.tool, self.count = self.count, self.count + 1
            events.append(
                ToolCalled(
                    id=call.id or new_call_id(),
                    name=name,
                    tool=call.tool,
                    choice=self._choice,
                    free=free,
                    signature=call.signature,
                    origin=ORIGIN if call.signature else None,
                )
            )
        if text:
            events.append(ArgumentsAdded(text=text, tool=call.tool, choice=self._choice))
