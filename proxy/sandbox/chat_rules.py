"""What Chat Completions refuses about messages and tools that are well-formed, in OpenAI's words."""

import re
from typing import Any

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.request_bodies import ChatAsked, Message
from proxy.sandbox.said import Tool
from proxy.sandbox.strict_schema import check_object, check_strict

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_CALL_ID_LENGTH = 40
_OWN_PARTS = ("text", "refusal")
_USER_PARTS = ("text", "image_url", "input_audio", "refusal", "audio", "file")
_INNER = {"image_url": "url", "input_audio": "data", "file": None}
"""Parts that are an object of their own, and what it must have."""

_ORPHAN_TEXT = (
    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
)


def check_messages(messages: list[Message]) -> None:
    """Calls are answered, all of them and at once; parts are of a kind that the role may use. Raises ApiError."""
    waiting: list[str] = []
    for index, message in enumerate(messages):
        place = f"messages[{index}]"
        if message.role == "tool":
            if message.tool_call_id is None:
                raise _missing(f"{place}.tool_call_id")
            if message.tool_call_id not in waiting:
                raise ApiError(400, _ORPHAN_TEXT, param=f"messages.[{index}].role")
            waiting.remove(message.tool_call_id)
        elif waiting:
            raise _unanswered(waiting)
        if isinstance(message.content, list):
            _check_parts(message, place)
        elif message.content is None and message.role != "assistant":
            text = "Invalid value for 'content': expected a string, got null."
            raise ApiError(400, text, param=f"messages.[{index}].content")
        for position, call in enumerate(message.tool_calls or ()):
            waiting.append(_call_id(call, f"{place}.tool_calls[{position}]"))
    if waiting:
        raise _unanswered(waiting)


def offered(asked: ChatAsked) -> list[Tool]:
    """The tools. Raises ApiError."""
    found = []
    for index, tool in enumerate(asked.tools or ()):
        kind = tool.get("type", "function")
        if kind not in ("function", "custom"):
            message = f"Invalid value: '{kind}'. Supported values are: 'function' and 'custom'."
            raise ApiError(400, message, param=f"tools[{index}].type", code="invalid_value")
        inner = tool.get(kind)
        place = f"tools[{index}].{kind}"
        if not isinstance(inner, dict):
            raise _missing(place)
        name = inner.get("name")
        if not isinstance(name, str):
            raise _missing(f"{place}.name")
        if not _NAME.fullmatch(name):
            text = f"Invalid '{place}.name': string does not match pattern. Expected a string that matches the pattern "
            raise ApiError(400, f"{text}'^[a-zA-Z0-9_-]+$'.", param=f"{place}.name", code="invalid_value")
        schema, code = inner.get("parameters"), "invalid_function_parameters"
        if kind == "function" and schema is not None:
            check = check_strict if inner.get("strict") else check_object
            check(schema, f"function '{name}'", f"{place}.parameters", code)
        found.append(Tool(name, schema, kind == "custom"))
    return found


def must_call(asked: ChatAsked, tools: list[Tool]) -> list[Tool]:
    """Tools of which `tool_choice` makes the model call one; left to itself it answers with text. Raises ApiError."""
    wanted = asked.tool_choice
    if not tools:
        if wanted not in (None, "none"):
            raise ApiError(400, "'tool_choice' is only allowed when 'tools' are specified.", param="tool_choice")
        return []
    if wanted == "required":
        return tools
    if isinstance(wanted, str) and wanted not in ("none", "auto"):
        message = f"Invalid value: '{wanted}'. Supported values are: 'none', 'auto', and 'required'."
        raise ApiError(400, message, param="tool_choice", code="invalid_value")
    if not isinstance(wanted, dict):
        return []
    kind = wanted.get("type", "function")
    inner = wanted.get(kind) if isinstance(kind, str) else None
    if not isinstance(inner, dict):
        raise _missing(f"tool_choice.{kind}")
    if kind == "allowed_tools":
        if inner.get("mode") != "required":
            return []
        names = [_name(each) for each in inner.get("tools", ())]
    else:
        names = [inner.get("name")]
    chosen = [tool for tool in tools if tool.name in names]
    if not chosen:
        raise ApiError(400, f"Tool choice '{names[0]}' not found in 'tools' parameter.", param="tool_choice")
    return chosen


def _name(tool: dict[str, Any]) -> object:
    inner = tool.get(tool.get("type", "function"))
    return inner.get("name") if isinstance(inner, dict) else None


def _call_id(call: dict[str, Any], place: str) -> str:
    identity = call.get("id")
    if not isinstance(identity, str):
        raise _missing(f"{place}.id")
    if len(identity) > _CALL_ID_LENGTH:
        text = (
            f"Invalid '{place}.id': string too long. Expected a string with maximum length {_CALL_ID_LENGTH}, but got "
            f"a string with length {len(identity)} instead."
        )
        raise ApiError(400, text, param=f"{place}.id", code="string_above_max_length")
    if call.get("type") not in ("function", "custom"):
        raise _missing(f"{place}.type")
    inner = call.get(call["type"])
    for name in ("name", "arguments" if call["type"] == "function" else "input"):
        if not isinstance(inner, dict) or not isinstance(inner.get(name), str):
            raise _missing(f"{place}.{call['type']}.{name}")
    return identity


def _check_parts(message: Message, place: str) -> None:
    allowed = _OWN_PARTS if message.role == "assistant" else _USER_PARTS if message.role == "user" else ("text",)
    for index, part in enumerate(message.content or ()):
        assert isinstance(part, dict)
        kind = part.get("type")
        param = f"{place}.content[{index}]"
        if kind not in allowed:
            *others, last = (f"'{each}'" for each in allowed)
            listed = f"{', '.join(others)}{',' * (len(others) > 1)} and {last}" if others else last
            text = f"Invalid value: '{kind}'. Supported values are: {listed}."
            raise ApiError(400, text, param=f"{param}.type", code="invalid_value")
        if kind in ("text", "refusal") and not isinstance(part.get(kind), str):
            raise _missing(f"{param}.{kind}")
        if kind in _INNER:
            inner, needed = part.get(kind), _INNER[kind]
            if isinstance(inner, str):
                text = f"Invalid type for '{param}.{kind}': expected an object, but got a string instead."
                raise ApiError(400, text, param=f"{param}.{kind}", code="invalid_type")
            if not isinstance(inner, dict) or (needed and not isinstance(inner.get(needed), str)):
                raise _missing(f"{param}.{kind}.{needed}" if needed else f"{param}.{kind}")


def _missing(param: str) -> ApiError:
    return ApiError(400, f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter")


def _unanswered(waiting: list[str]) -> ApiError:
    text = (
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        f"The following tool_call_ids did not have response messages: {', '.join(waiting)}"
    )
    return ApiError(400, text, param="messages")
