"""Messages of a chat request → turns.

Keeps true: reasoning stands before the text and the text before the tool calls, as the model said them; a tool result
knows the name of its tool where the call stands before it.
"""

from typing import Any

from proxy.canonical.ask import Turn
from proxy.canonical.parts import (
    Audio,
    CacheMark,
    Declined,
    File,
    Image,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from proxy.dialects.openai_chat import fields
from proxy.dialects.openai_chat.content_read import cache_mark, read_content
from proxy.dialects.openai_chat.reasoning_details import inward, is_whole, read_details

_ALLOWED: dict[str, tuple[type[Part], ...]] = {
    "system": (Text,),
    "developer": (Text,),
    "user": (Text, Image, Audio, File),
    "assistant": (Text, Declined),
    "tool": (Text, Image, File),
    "function": (Text,),
}
"""Role → what its content may hold."""


_UNPLACED = ("audio", "prefix")
"""Of an assistant's message: speech that OpenAI keeps by its id; Mistral's and DeepSeek's "go on from here"."""


def read_turns(body: dict[str, Any], others: dict[str, Any]) -> list[Turn]:
    """What has no place in a turn goes to `others`, by its path. Raises Refusal that names what is wrong."""
    messages = fields.array(body, "messages")
    if messages is None:
        raise fields.missing("messages")
    if not messages:
        raise fields.bad_value("messages", "expected at least one message")
    conversation = _Conversation(others)
    return [conversation.turn(each, f"messages[{at}]") for at, each in enumerate(messages)]


class _Conversation:
    """Remembers the tool calls that results answer."""

    def __init__(self, others: dict[str, Any]) -> None:
        self._others = others
        self._calls: dict[str, ToolCall] = {}
        self._functions: dict[str, ToolCall] = {}
        """By name: results of the deprecated function calls have no id."""

    def turn(self, value: object, path: str) -> Turn:
        message = fields.as_mapping(value, path)
        role = fields.required_text(message, "role", path)
        name = fields.text(message, "name", path)
        parts = self._content(message, role, path)
        mark = cache_mark(message, path)
        match role:
            case "system" | "developer" | "user":
                _mark_last(parts, mark)
                return Turn(role=role, parts=parts, name=name)
            case "assistant":
                parts = _reasoning(message, path) + parts + _declined(message, path) + self._tool_calls(message, path)
                _mark_last(parts, mark)
                self._others |= {f"{path}.{key}": message[key] for key in _UNPLACED if message.get(key)}
                return Turn(role="assistant", parts=parts, name=name)
            case "tool":
                call_id = fields.required_text(message, "tool_call_id", path)
                return self._result(self._calls.get(call_id), call_id, name, parts, mark)
        call_name = fields.required_text(message, "name", path)
        call = self._functions.get(call_name)
        return self._result(call, call.id if call else f"call_{call_name}", call_name, parts, mark)

    def _content(self, message: dict[str, Any], role: str, path: str) -> list[Part]:
        if role not in _ALLOWED:
            raise fields.bad_value(f"{path}.role", f"supported values are {', '.join(map(repr, _ALLOWED))}")
        where = f"{path}.content"
        content = message.get("content")
        if content is None and role not in ("assistant", "function"):
            raise fields.bad_type(where, "a string or an array of parts", content)
        parts = read_content(content, where)
        for at, part in enumerate(parts):
            if not isinstance(part, _ALLOWED[role]):
                raise fields.bad_value(f"{where}[{at}].type", f"it has no place in a message of the role {role!r}")
        return parts

    def _tool_calls(self, message: dict[str, Any], path: str) -> list[Part]:
        calls: list[Part] = []
        for at, value in enumerate(fields.array(message, "tool_calls", path) or ()):
            where = f"{path}.tool_calls[{at}]"
            call = _tool_call(fields.as_mapping(value, where), where)
            self._calls[call.id] = call
            calls.append(call)
        if (function := fields.mapping(message, "function_call", path)) is not None:
            where = f"{path}.function_call"
            name = fields.required_text(function, "name", where)
            call_id = "call_" + "".join(letter for letter in path if letter.isdigit())
            call = ToolCall(id=call_id, name=name, arguments=fields.text(function, "arguments", where) or "{}")
            self._functions[name] = call
            calls.append(call)
        return calls

    @staticmethod
    def _result(
        call: ToolCall | None, call_id: str, name: str | None, parts: list[Part], mark: CacheMark | None
    ) -> Turn:
        marks = (part.cache for part in parts if isinstance(part, Text | Image | File))
        result = ToolResult(
            call_id=call_id,
            name=name or (call.name if call else None),
            parts=[part for part in parts if isinstance(part, Text | Image | File)],
            free=call.free if call else False,
            cache=mark or next((each for each in marks if each), None),
        )
        return Turn(role="user", parts=[result])


def _tool_call(call: dict[str, Any], path: str) -> ToolCall:
    call_id = fields.required_text(call, "id", path)
    kind = fields.text(call, "type", path) or "function"
    if kind == "custom":
        custom, where = fields.required_mapping(call, "custom", path), f"{path}.custom"
        name, said = fields.required_text(custom, "name", where), fields.text(custom, "input", where) or ""
        return ToolCall(id=call_id, name=name, arguments=said, free=True, cache=cache_mark(call, path))
    if kind != "function":
        raise fields.bad_value(f"{path}.type", "supported values are 'function', 'custom'")
    function, where = fields.required_mapping(call, "function", path), f"{path}.function"
    origin, signature = _call_signature(call)
    return ToolCall(
        id=call_id,
        name=fields.required_text(function, "name", where),
        arguments=fields.text(function, "arguments", where) or "{}",
        signature=signature,
        origin=origin,
        cache=cache_mark(call, path),
    )


def _call_signature(call: dict[str, Any]) -> tuple[str | None, str | None]:
    """Google's documented place: `extra_content.google.thought_signature`."""
    extra = call.get("extra_content")
    google = extra.get("google") if isinstance(extra, dict) else None
    signature = google.get("thought_signature") if isinstance(google, dict) else None
    return inward(signature) if isinstance(signature, str) and signature else (None, None)


def _reasoning(message: dict[str, Any], path: str) -> list[Part]:
    """What the model thought, from the first of the fields that hold it: the signed ones know more."""
    plain = fields.text(message, "reasoning_content", path) or _text_or_none(message.get("reasoning"))
    entries = fields.array(message, "reasoning_details", path) or []
    details = read_details(entries)
    details = details or _thinking_blocks(fields.array(message, "thinking_blocks", path) or [])
    if not details:
        return [Reasoning(text=plain)] if plain else []
    unsaid = [part for part in details if not part.text and not part.redacted]
    if plain and len(unsaid) == 1 and not any(part.text for part in details) and is_whole(plain, entries):
        unsaid[0].text = plain  # the client kept the text in one field and the signature in the other
    for part in details:
        if part.signature is not None:
            part.origin, part.signature = inward(part.signature)
    return list(details)


def _thinking_blocks(blocks: list[Any]) -> list[Reasoning]:
    """LiteLLM's form, which is Anthropic's blocks."""
    parts: list[Reasoning] = []
    for block in blocks:
        if not isinstance(block, dict):
            continue
        if block.get("type") == "thinking":
            signature = _text_or_none(block.get("signature")) or None
            parts.append(Reasoning(text=_text_or_none(block.get("thinking")) or "", signature=signature))
        elif block.get("type") == "redacted_thinking" and (data := _text_or_none(block.get("data"))):
            parts.append(Reasoning(signature=data, redacted=True))
    return parts


def _declined(message: dict[str, Any], path: str) -> list[Part]:
    refusal = fields.text(message, "refusal", path)
    return [Declined(text=refusal)] if refusal else []


def _mark_last(parts: list[Part], mark: CacheMark | None) -> None:
    """A mark on a message stands for one on its last part."""
    if mark is None:
        return
    for part in reversed(parts):
        if isinstance(part, Text | Image | File | ToolCall):
            part.cache = part.cache or mark
            return


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None
