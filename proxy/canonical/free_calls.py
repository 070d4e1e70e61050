"""Tools of free text for models whose tools take JSON: told as functions of one text, and their calls as text again.

Keeps true: what a caller declares as a tool of free text is called with text, whoever's model calls it.
"""

from collections.abc import Iterable
from io import StringIO

import msgspec

from proxy.canonical.answer import Answer
from proxy.canonical.ask import Tool
from proxy.canonical.events import ArgumentsAdded, Event, PartEnded, Started, ToolCalled, UsageSeen
from proxy.canonical.parts import ToolCall


class _Given(msgspec.Struct):
    input: str


_read = msgspec.json.Decoder(_Given).decode
_BETWEEN = (ToolCalled, ArgumentsAdded, UsageSeen, Started)
"""What does not end the calls that are open."""


def as_function(tool: Tool) -> Tool:
    """A tool of free text as a function of one text, `input`; any other tool as it is."""
    if not tool.free:
        return tool
    description = tool.description or ""
    if tool.grammar:
        form = f"The input is text of this {tool.grammar['syntax']} grammar:\n\n{tool.grammar['definition']}"
        description = f"{description}\n\n{form}" if description else form
    schema = {
        "type": "object",
        "properties": {"input": {"type": "string"}},
        "required": ["input"],
        "additionalProperties": False,
    }
    return Tool(name=tool.name, description=description or None, schema=schema, cache=tool.cache)


def text_of(arguments: str) -> str:
    """The text in the arguments of such a function; what is none of them is the text itself."""
    try:
        return _read(arguments).input
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return arguments


class FreeCalls:
    """One reply to a request with such tools.

    Their arguments are JSON, so a stream holds them until their call has ended: no more than the reply's cap lets in.
    """

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._names = frozenset(tool.name for tool in tools if tool.free)
        self._held: dict[tuple[int, int], StringIO] = {}
        """Choice and tool call → its arguments so far."""

    def __bool__(self) -> bool:
        return bool(self._names)

    def free(self, answer: Answer) -> None:
        """Change a whole reply."""
        for choice in answer.choices:
            for part in choice.parts:
                if isinstance(part, ToolCall) and not part.free and part.name in self._names:
                    part.free, part.arguments = True, text_of(part.arguments)

    def told(self, events: Iterable[Event]) -> list[Event]:
        """The next events of a stream."""
        said: list[Event] = []
        for event in events:
            if isinstance(event, ArgumentsAdded) and (held := self._held.get((event.choice, event.tool))) is not None:
                held.write(event.text)
                continue
            if isinstance(event, ToolCalled) and not event.free and event.name in self._names:
                said += self._ended(event.choice, event.tool)
                self._held[event.choice, event.tool] = StringIO()
                event.free = True
            elif self._held and not isinstance(event, _BETWEEN):
                said += self._ended_by(event)
            said.append(event)
        return said

    def rest(self) -> list[Event]:
        """What is held when the stream has ended."""
        return [event for choice, tool in [*self._held] for event in self._ended(choice, tool)]

    def _ended_by(self, event: Event) -> list[Event]:
        choice = getattr(event, "choice", 0)
        if isinstance(event, PartEnded) and event.tool is not None:
            return self._ended(choice, event.tool)
        return [told for at, tool in [*self._held] if at == choice for told in self._ended(at, tool)]

    def _ended(self, choice: int, tool: int) -> list[Event]:
        held = self._held.pop((choice, tool), None)
        text = text_of(held.getvalue()) if held else ""
        return [ArgumentsAdded(text=text, tool=tool, choice=choice)] if text else []
