"""Items of a Responses input: what each type takes, and what the API refuses about them.

Types and fields: openai.types.responses.response_input_item_param. Items of tools that OpenAI hosts are not among them.
"""

from typing import Any, Literal

import msgspec

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.openai_manners import OPENAI
from proxy.sandbox.seals import is_encrypted_content, was_stored

Status = Literal["in_progress", "completed", "incomplete"]


class Part(msgspec.Struct, forbid_unknown_fields=True, tag_field="type"):
    """A part of a message, or of what a tool gave back."""

    prompt_cache_breakpoint: dict[str, Any] | None = None


class InputText(Part, tag="input_text", kw_only=True):
    text: str


class InputImage(Part, tag="input_image", kw_only=True):
    detail: Literal["low", "high", "auto", "original"] | None = "auto"
    file_id: str | None = None
    image_url: str | None = None


class InputFile(Part, tag="input_file", kw_only=True):
    detail: Literal["low", "high", "auto"] | None = None
    file_data: str | None = None
    file_id: str | None = None
    file_url: str | None = None
    filename: str | None = None


class Sound(msgspec.Struct, forbid_unknown_fields=True):
    data: str
    format: Literal["mp3", "wav"]


class InputAudio(Part, tag="input_audio", kw_only=True):
    input_audio: Sound


class OutputText(Part, tag="output_text", kw_only=True):
    text: str
    annotations: list[dict[str, Any]] | None = None
    logprobs: list[dict[str, Any]] | None = None


class Refusal(Part, tag="refusal", kw_only=True):
    refusal: str


Input = InputText | InputImage | InputFile | InputAudio
AnyPart = Input | OutputText | Refusal


class Item(msgspec.Struct, forbid_unknown_fields=True, tag_field="type"):
    """One entry of `input`."""

    id: str | None = None
    status: Status | None = None


class Message(Item, tag="message", kw_only=True):
    role: Literal["user", "assistant", "system", "developer"]
    content: str | list[AnyPart]
    phase: Literal["commentary", "final_answer"] | None = None


class ToolCall(Item, kw_only=True):
    call_id: str
    name: str
    namespace: str | None = None
    caller: dict[str, Any] | None = None
    async_: bool | None = msgspec.field(default=None, name="async")


class FunctionCall(ToolCall, tag="function_call", kw_only=True):
    arguments: str


class CustomToolCall(ToolCall, tag="custom_tool_call", kw_only=True):
    input: str


class ToolOutput(Item, kw_only=True):
    call_id: str
    output: str | list[Input]
    name: str | None = None
    namespace: str | None = None
    caller: dict[str, Any] | None = None


class FunctionCallOutput(ToolOutput, tag="function_call_output"):
    pass


class CustomToolCallOutput(ToolOutput, tag="custom_tool_call_output"):
    pass


class Reasoning(Item, tag="reasoning", kw_only=True):
    summary: list[dict[str, Any]]
    content: list[dict[str, Any]] | None = None
    encrypted_content: str | None = None


class ItemReference(Item, tag="item_reference", kw_only=True):
    pass


AnyItem = (
    Message | FunctionCall | FunctionCallOutput | CustomToolCall | CustomToolCallOutput | Reasoning | ItemReference
)

_PREFIXES = {Message: "msg", FunctionCall: "fc", CustomToolCall: "ctc", Reasoning: "rs"}
_TYPES = ("message", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output")
_KNOWN = (*_TYPES, "reasoning", "item_reference")
_CALL_ID_LENGTH = 64


def items(given: list[dict[str, Any]]) -> list[AnyItem]:
    """As structs. Raises ApiError."""
    found = []
    for index, item in enumerate(given):
        place = f"input[{index}]"
        kind = item.get("type", "message" if "role" in item else None)
        if kind not in _KNOWN:
            message = f"Invalid value: '{kind}'. Supported values are: {_listed(_KNOWN)}."
            raise ApiError(400, message, param=place, code="invalid_value")
        try:
            found.append(msgspec.convert({"type": kind} | item, AnyItem))
        except msgspec.ValidationError as error:
            raise OPENAI.does_not_fit(_placed(error, place), b"") from None
        _check(found[-1], place)
    return found


def check_order(found: list[AnyItem], *, continues: bool) -> None:
    """Each call has its output and each output its call, and thoughts come before what was thought of.

    `continues`: an earlier response may hold the calls. Raises ApiError.
    """
    outputs = {item.call_id for item in found if isinstance(item, ToolOutput)}
    calls: set[str] = set()
    for index, item in enumerate(found):
        if isinstance(item, ToolCall):
            calls.add(item.call_id)
            if item.call_id not in outputs:
                kind = "function" if isinstance(item, FunctionCall) else "custom tool"
                raise ApiError(400, f"No tool output found for {kind} call {item.call_id}.", param="input")
        elif isinstance(item, ToolOutput) and item.call_id not in calls and not continues:
            kind = "function call" if isinstance(item, FunctionCallOutput) else "custom tool call"
            message = f"No tool call found for {kind} output with call_id {item.call_id}."
            raise ApiError(400, message, param="input")
        elif isinstance(item, Reasoning) and not _follows(found[index + 1 :]):
            message = f"Item '{item.id}' of type 'reasoning' was provided without its required following item."
            raise ApiError(400, message, param="input")


def _follows(rest: list[AnyItem]) -> bool:
    """Whether what comes next, further thoughts aside, is the model's own."""
    for item in rest:
        if not isinstance(item, Reasoning):
            return isinstance(item, ToolCall | ItemReference) or (
                isinstance(item, Message) and item.role == "assistant"
            )
    return False


def _check(item: AnyItem, place: str) -> None:
    prefix = _PREFIXES.get(type(item))
    if prefix and item.id is not None and not item.id.startswith(prefix):
        message = f"Invalid '{place}.id': '{item.id}'. Expected an ID that begins with '{prefix}'."
        raise ApiError(400, message, param=f"{place}.id", code="invalid_value")
    if isinstance(item, Message) and not isinstance(item.content, str):
        _check_parts(item, place)
    elif isinstance(item, ToolCall | ToolOutput):
        _check_call_id(item.call_id, place)
    elif isinstance(item, ItemReference):
        _check_stored(item.id)
    elif isinstance(item, Reasoning):
        _check_thoughts(item)


def _check_parts(message: Message, place: str) -> None:
    own = message.role == "assistant"
    for index, part in enumerate(message.content):
        if isinstance(part, OutputText | Refusal) is not own:
            kind = msgspec.to_builtins(part)["type"]
            allowed = ("output_text", "refusal") if own else ("input_text", "input_image", "input_file", "input_audio")
            param = f"{place}.content[{index}]"
            text = f"Invalid value: '{kind}'. Supported values are: {_listed(allowed)}."
            raise ApiError(400, text, param=param, code="invalid_value")
        if isinstance(part, InputImage) and not (part.image_url or part.file_id):
            param = f"{place}.content[{index}].image_url"
            raise ApiError(
                400, f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter"
            )


def _check_call_id(call_id: str, place: str) -> None:
    param = f"{place}.call_id"
    if not call_id:
        message = f"Invalid '{param}': empty string. Expected a string with minimum length 1, but got an empty string "
        raise ApiError(400, message + "instead.", param=param, code="empty_string")
    if len(call_id) > _CALL_ID_LENGTH:
        message = (
            f"Invalid '{param}': string too long. Expected a string with maximum length {_CALL_ID_LENGTH}, but got a "
            f"string with length {len(call_id)} instead."
        )
        raise ApiError(400, message, param=param, code="string_above_max_length")


def _check_thoughts(item: Reasoning) -> None:
    """What was encrypted elsewhere is refused; what comes without it must have been stored."""
    text = item.encrypted_content
    if text is None:
        _check_stored(item.id)
    elif not is_encrypted_content(text):
        shown = f"{text[:4]}...{text[-4:]}"
        message = (
            f"The encrypted content {shown} could not be verified. Reason: Encrypted content could not be decrypted or "
            f"parsed."
        )
        raise ApiError(400, message, code="invalid_encrypted_content")


def _check_stored(identifier: str | None) -> None:
    if identifier is None or not was_stored(identifier):
        message = (
            f"Item with id '{identifier}' not found. Items are not persisted when `store` is set to false. Try again "
            f"with `store` set to true, or remove this item from your input."
        )
        raise ApiError(404, message, param="input")


def _placed(error: msgspec.ValidationError, place: str) -> msgspec.ValidationError:
    complaint, at, way = str(error).rpartition(" - at `$")
    return msgspec.ValidationError(f"{complaint} - at `$.{place}{way}" if at else f"{error} - at `$.{place}`")


def _listed(values: tuple[str, ...]) -> str:
    *others, last = (f"'{value}'" for value in values)
    return f"{', '.join(others)}, and {last}" if len(others) > 1 else f"{others[0]} and {last}"
