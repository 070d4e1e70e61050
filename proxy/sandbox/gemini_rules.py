"""What Gemini refuses about contents that are well-formed: turns out of order, signatures that are missing or foreign.

Texts are those that the API gives (ai.google.dev/gemini-api/docs/thought-signatures, and replies quoted in issues of
google-gemini/gemini-cli). Contents are normalised: `proto_json` has read them.
"""

import re
from typing import Any

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.proto_json import decoded
from proxy.sandbox.seals import is_sealed

Content = dict[str, Any]

DATA = (
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
)
"""A part is one of these."""

_ANY_SIGNATURE = ("skip_thought_signature_validator", "context_engineering_is_the_way_to_go")
"""What the documentation gives for calls that no Gemini made."""

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}")
_NAME_TEXT = (
    "Invalid function name. Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), "
    "underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 64."
)
_COUNT_TEXT = (
    "Please ensure that the number of function response parts is equal to the number of function call parts of the "
    "function call turn."
)
_CALL_TEXT = (
    "Please ensure that function call turn comes immediately after a user turn or after a function response turn."
)
_RESPONSE_TEXT = "Please ensure that function response turn comes immediately after a function call turn."


def check_contents(contents: list[Content], model: str) -> None:
    """Raises ApiError."""
    if not contents:
        raise _violation("contents", "contents is not specified")
    for index, content in enumerate(contents):
        _check_parts(content, f"contents[{index}]")
        if content.get("role") not in ("user", "model", None):
            raise ApiError(400, "Please use a valid role: user, model.")
    _check_turns(contents)
    _check_signatures(contents, model)


def check_tools(tools: list[dict[str, Any]]) -> None:
    """Names and schemas of functions. Raises ApiError."""
    seen: set[str] = set()
    for index, tool in enumerate(tools):
        for position, function in enumerate(tool.get("functionDeclarations", ())):
            place = f"tools[{index}].function_declarations[{position}]"
            name = function.get("name", "")
            if not _NAME.fullmatch(name):
                raise _violation(f"{place}.name", _NAME_TEXT)
            if name in seen:
                raise ApiError(400, f"Duplicate function declaration found: {name}")
            seen.add(name)
            if "parameters" in function and "parametersJsonSchema" in function:
                raise ApiError(400, f"{place}: parameters and parameters_json_schema are mutually exclusive.")
            _check_schema(function.get("parameters"), f"{place}.parameters")


def _check_schema(schema: dict[str, Any] | None, place: str) -> None:
    if schema is None:
        return
    if schema.get("type") == "OBJECT" and "properties" in schema and not schema["properties"]:
        raise _violation(f"{place}.properties", "should be non-empty for OBJECT type")
    if schema.get("type") == "ARRAY" and "items" not in schema:
        raise _violation(f"{place}.items", "missing field.")
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in properties:
            index = schema["required"].index(name)
            raise _violation(f"{place}.required[{index}]", "property is not defined")
    for name, inner in properties.items():
        _check_schema(inner, f"{place}.properties[{name}]")
    _check_schema(schema.get("items"), f"{place}.items")


def _check_parts(content: Content, place: str) -> None:
    parts = content.get("parts")
    if not parts:
        raise _violation(f"{place}.parts", "contents.parts must not be empty.")
    for index, part in enumerate(parts):
        data = [name for name in DATA if name in part]
        at = f"{place}.parts[{index}]"
        if not data:
            raise _violation(f"{at}.data", "required oneof field 'data' must have one initialized field")
        if len(data) > 1:
            text = f"Invalid value at '{at}' (oneof), oneof field 'data' is already set. Cannot set '{data[1]}'"
            raise ApiError(400, text)
        inner = part[data[0]]
        if data[0] in ("functionCall", "functionResponse") and not inner.get("name"):
            snake = "function_call" if data[0] == "functionCall" else "function_response"
            raise _violation(f"{at}.{snake}.name", "Name cannot be empty.")
        if data[0] == "inlineData" and not inner.get("mimeType"):
            raise _violation(f"{at}.inline_data.mime_type", "mime_type is not specified")


def _count(content: Content, kind: str) -> int:
    return sum(kind in part for part in content["parts"])


def _check_turns(contents: list[Content]) -> None:
    """A turn of calls is followed by a turn with as many responses, and no responses come without."""
    before: Content | None = None
    for content in contents:
        calls, responses = _count(content, "functionCall"), _count(content, "functionResponse")
        waiting = 0 if before is None else _count(before, "functionCall")
        if responses and not waiting:
            raise ApiError(400, _RESPONSE_TEXT)
        if waiting != responses:
            raise ApiError(400, _COUNT_TEXT)
        if calls and (before is None or before.get("role") == "model"):
            raise ApiError(400, _CALL_TEXT)
        before = content


def _check_signatures(contents: list[Content], model: str) -> None:
    strict = model.startswith("gemini-3")
    turn = max((index for index, content in enumerate(contents) if _begins_a_turn(content)), default=0)
    for index, content in enumerate(contents):
        for part in content["parts"]:
            if (signature := part.get("thoughtSignature")) is not None and not _is_valid(signature):
                raise ApiError(400, "Corrupted thought signature.")
        calls = [part for part in content["parts"] if "functionCall" in part]
        if strict and index > turn and calls and "thoughtSignature" not in calls[0]:
            name = calls[0]["functionCall"]["name"]
            message = (
                "Function call is missing a thought_signature in functionCall parts. This is required for tools to "
                "work correctly, and missing thought_signature may lead to degraded model performance. Additional "
                f"data, function call `default_api:{name}` , position {index + 1}. Please refer to "
                "https://ai.google.dev/gemini-api/docs/thought-signatures for more details."
            )
            raise ApiError(400, message)


def _begins_a_turn(content: Content) -> bool:
    """The user speaks, instead of a function: what was thought before that need not come back."""
    return content.get("role") != "model" and not _count(content, "functionResponse")


def _is_valid(signature: str) -> bool:
    """One of ours, or one that the documentation gives; also where an SDK took its text for bytes."""
    data = decoded(signature)
    return signature in _ANY_SIGNATURE or is_sealed("thought", data) or data.decode("latin-1") in _ANY_SIGNATURE


def _violation(field: str, text: str) -> ApiError:
    return ApiError(400, f"* GenerateContentRequest.{field}: {text}\n")
