"""The caller's input items → turns.

Keeps true: neighbouring items of the assistant are one turn, and so are neighbouring tool results. Item ids and states
mean nothing to another provider and are skipped; items that only OpenAI understands stand in the others under
`input[i]`.
"""

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from proxy.canonical.ask import Turn
from proxy.canonical.parts import File, Image, Part, Reasoning, Text, ToolCall, ToolResult
from proxy.dialects.openai_responses.opaque import State, state_of
from proxy.dialects.openai_responses.parts_read import read_part
from proxy.dialects.openai_responses.typed import typed
from proxy.refusal import bad_request

Role = Literal["system", "developer", "user", "assistant"]


class _Message(msgspec.Struct):
    role: Role
    content: str | list[dict[str, Any]]


class _Call(msgspec.Struct):
    call_id: str
    name: str
    arguments: str


class _CustomCall(msgspec.Struct):
    call_id: str
    name: str
    input: str


class _Result(msgspec.Struct):
    call_id: str
    output: str | list[dict[str, Any]]
    name: str | None = None


class _Piece(msgspec.Struct):
    text: str


class _Reasoning(msgspec.Struct):
    id: str | None = None
    summary: list[_Piece] | None = None
    content: list[_Piece] | None = None
    encrypted_content: str | None = None


def read_items(items: list[dict[str, Any]], others: dict[str, Any]) -> list[Turn]:
    """The conversation. What cannot be translated goes to `others`. Raises Refusal (400) that names the item."""
    return _Conversation(others).read(items)


class _Conversation:
    def __init__(self, others: dict[str, Any]) -> None:
        self._others = others
        self._turns: list[Turn] = []
        self._open: str | None = None
        """What the last turn may be continued with: `assistant` or `tool`; None: it is whole."""
        self._names: dict[str, str] = {}
        """Call → tool."""
        self._signature: State | None = None
        """Belongs to a call that follows at once."""

    def read(self, items: list[dict[str, Any]]) -> list[Turn]:
        for index, item in enumerate(items):
            self._read_item(item, f"input[{index}]")
        return self._turns

    def _read_item(self, item: dict[str, Any], where: str) -> None:
        kind = item.get("type") or ("message" if "role" in item else "item_reference")
        signed, self._signature = self._signature, None
        if kind == "message":
            self._message(typed(item, _Message, where), where)
        elif kind == "function_call":
            call = typed(item, _Call, where)
            self._call(ToolCall(id=call.call_id, name=call.name, arguments=call.arguments), signed)
        elif kind == "custom_tool_call":
            custom = typed(item, _CustomCall, where)
            self._call(ToolCall(id=custom.call_id, name=custom.name, arguments=custom.input, free=True), signed)
        elif kind in ("function_call_output", "custom_tool_call_output"):
            self._result(typed(item, _Result, where), where, free=kind == "custom_tool_call_output")
        elif kind == "reasoning":
            self._reasoning(typed(item, _Reasoning, where))
        elif kind == "item_reference":
            self._others["item_reference"] = item
        else:
            self._others[where] = item

    def _message(self, message: _Message, where: str) -> None:
        parts = self._parts(message.content, where)
        if message.role == "assistant":
            self._add("assistant", "assistant", parts)
        else:
            self._turns.append(Turn(role=message.role, parts=parts))
            self._open = None

    def _call(self, call: ToolCall, signed: State | None) -> None:
        if signed:
            call.origin, call.signature = signed.origin, signed.signature
        self._names[call.id] = call.name
        self._add("assistant", "assistant", [call])

    def _result(self, result: _Result, where: str, *, free: bool) -> None:
        parts: list[Text | Image | File] = []
        for part in self._parts(result.output, where, "output"):
            if not isinstance(part, Text | Image | File):
                raise bad_request("invalid_value", f"{where}: a tool's output is text, images and files.", param=where)
            parts.append(part)
        name = result.name or self._names.get(result.call_id)
        self._add("user", "tool", [ToolResult(call_id=result.call_id, name=name, parts=parts, free=free)])

    def _reasoning(self, item: _Reasoning) -> None:
        text = "".join(piece.text for piece in item.content or ())
        text = text or "\n\n".join(piece.text for piece in item.summary or ())
        state = state_of(item.encrypted_content, shown=bool(text)) if item.encrypted_content else None
        if state and state.kind == "call":
            self._signature = state
        elif state:
            redacted = state.kind == "redacted"
            part = Reasoning(text=text, signature=state.signature, origin=state.origin, redacted=redacted, id=item.id)
            self._add("assistant", "assistant", [part])
        elif text:
            self._add("assistant", "assistant", [Reasoning(text=text, id=item.id)])

    def _add(self, role: Role, continues: str, parts: list[Part]) -> None:
        if self._open == continues:
            self._turns[-1].parts.extend(parts)
        else:
            self._turns.append(Turn(role=role, parts=parts))
            self._open = continues

    def _parts(self, content: str | list[dict[str, Any]], where: str, field: str = "content") -> list[Part]:
        if isinstance(content, str):
            return [Text(text=content)]
        return list(self._read_parts(content, f"{where}.{field}"))

    def _read_parts(self, content: list[dict[str, Any]], where: str) -> Iterator[Part]:
        for index, part in enumerate(content):
            place = f"{where}[{index}]"
            read = read_part(part, place)
            if read is None:
                self._others[place] = part
            else:
                yield read
