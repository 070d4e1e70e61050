"""What `/v1/responses` may be asked. A field that the API does not document is refused, at the top by the endpoint.

Fields: openai.types.responses.response_create_params.
"""

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.request_bodies import Asked
from proxy.sandbox.responses_items import AnyItem, Message, check_order, items
from proxy.sandbox.said import Tool
from proxy.sandbox.seals import was_stored
from proxy.sandbox.strict_schema import check_object, check_strict

_LEAST_OUTPUT = 16
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class Reasoning(msgspec.Struct, forbid_unknown_fields=True):
    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None
    generate_summary: Literal["auto", "concise", "detailed"] | None = None
    context: Literal["auto", "current_turn", "all_turns"] | None = None
    mode: str | None = None


class Format(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["text", "json_object", "json_schema"] = "text"
    name: str | None = None
    schema: dict[str, Any] | None = None
    description: str | None = None
    strict: bool | None = None


class Text(msgspec.Struct, forbid_unknown_fields=True):
    format: Format | None = None
    verbosity: Literal["low", "medium", "high"] | None = None


class StreamOptions(msgspec.Struct, forbid_unknown_fields=True):
    include_obfuscation: bool | None = None


class _OfferedTool(msgspec.Struct, forbid_unknown_fields=True, tag_field="type"):
    name: str
    description: str | None = None
    defer_loading: bool | None = None
    allowed_callers: list[str] | None = None
    async_: bool | None = msgspec.field(default=None, name="async")


class FunctionTool(_OfferedTool, tag="function", kw_only=True):
    parameters: dict[str, Any] | None = None
    strict: bool | None = None
    output_schema: dict[str, Any] | None = None


class CustomTool(_OfferedTool, tag="custom", kw_only=True):
    format: dict[str, Any] | None = None


Includable = Literal[
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
]


class Counted(Asked, kw_only=True):
    """What both endpoints are asked: all that counts as input."""

    input: str | list[dict[str, Any]] | None = None
    instructions: str | None = None
    tools: list[FunctionTool | CustomTool] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    text: Text | None = None
    reasoning: Reasoning | None = None
    previous_response_id: str | None = None
    conversation: str | dict[str, Any] | None = None
    truncation: Literal["auto", "disabled"] | None = None

    def basis(self) -> tuple[object, ...]:
        form = self.text.format if self.text else None
        tools = [msgspec.to_builtins(tool) for tool in self.tools or ()]
        return (self.model, self.input, self.instructions, tools, self.tool_choice, msgspec.to_builtins(form))

    def items(self) -> list[AnyItem]:
        """The input, item by item. Raises ApiError for what makes no sense together."""
        if self.previous_response_id is not None and not was_stored(self.previous_response_id):
            message = f"Previous response with id '{self.previous_response_id}' not found."
            raise ApiError(400, message, param="previous_response_id", code="previous_response_not_found")
        if self.conversation is not None:
            raise ApiError(404, "Conversation not found: the sandbox keeps none.", param="conversation")
        if self.input is None:
            raise _missing("input")
        if isinstance(self.input, str):
            return [Message(role="user", content=self.input)]
        found = items(self.input)
        check_order(found, continues=self.previous_response_id is not None)
        return found

    def offered(self) -> list[Tool]:
        """The tools. Raises ApiError."""
        for index, tool in enumerate(self.tools or ()):
            if not _NAME.fullmatch(tool.name):
                raise _no_name(f"tools[{index}].name")
            if isinstance(tool, FunctionTool) and tool.parameters is not None:
                check = check_strict if tool.strict else check_object
                place = f"tools[{index}].parameters"
                check(tool.parameters, f"function '{tool.name}'", place, "invalid_function_parameters")
        return [
            Tool(tool.name, None, True) if isinstance(tool, CustomTool) else Tool(tool.name, tool.parameters)
            for tool in self.tools or ()
        ]

    def must_call(self) -> list[Tool]:
        """Tools of which `tool_choice` makes the model call one. Raises ApiError."""
        tools, wanted = self.offered(), self.tool_choice
        if wanted in (None, "none", "auto"):
            return []
        if wanted == "required":
            if not tools:
                raise ApiError(
                    400, "Tool choice 'required' must be specified with 'tools' parameter.", param="tool_choice"
                )
            return tools
        if isinstance(wanted, str):
            message = f"Invalid value: '{wanted}'. Supported values are: 'none', 'auto', and 'required'."
            raise ApiError(400, message, param="tool_choice", code="invalid_value")
        match wanted.get("type"):
            case "function" | "custom":
                names = [wanted.get("name")]
                if names[0] is None:
                    raise _missing("tool_choice.name")
            case "allowed_tools":
                allowed = wanted.get("tools")
                names = (
                    [each.get("name") for each in allowed if isinstance(each, dict)]
                    if isinstance(allowed, list)
                    else []
                )
                if wanted.get("mode") != "required":
                    return []
            case kind:
                message = f"Invalid value: '{kind}'. Supported values are: 'function', 'custom', and 'allowed_tools'."
                raise ApiError(400, message, param="tool_choice.type", code="invalid_value")
        chosen = [tool for tool in tools if tool.name in names]
        if not chosen:
            message = f"Tool choice '{wanted.get('type')}' not found in 'tools' parameter."
            raise ApiError(400, message, param="tool_choice")
        return chosen

    def schema(self) -> object:
        """What the text has to fit; None: nothing. Raises ApiError."""
        form = self.text.format if self.text else None
        if form is None or form.type != "json_schema":
            return None
        for name in ("name", "schema"):
            if getattr(form, name) is None:
                raise _missing(f"text.format.{name}")
        if form.strict:
            check_strict(form.schema, f"response_format '{form.name}'", "text.format.schema", "invalid_json_schema")
        return form.schema

    @property
    def any_json(self) -> bool:
        return bool(self.text and self.text.format and self.text.format.type == "json_object")


class CountAsked(Counted, kw_only=True):
    """`/v1/responses/input_tokens`: without a model too."""

    model: str = "gpt-5"
    personality: str | None = None


class ResponseAsked(Counted, kw_only=True):
    """`/v1/responses`."""

    stream: bool | None = False
    stream_options: StreamOptions | None = None
    max_output_tokens: int | None = None
    max_tool_calls: int | None = None
    include: list[Includable] | None = None
    store: bool | None = True
    background: bool | None = False
    metadata: dict[str, str] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"] | None = None
    safety_identifier: str | None = None
    prompt: dict[str, Any] | None = None
    prompt_cache_key: str | None = None
    prompt_cache_options: dict[str, Any] | None = None
    prompt_cache_retention: Literal["in_memory", "24h"] | None = None
    access_programs: dict[str, Any] | None = None
    context_management: list[dict[str, Any]] | None = None
    image: dict[str, Any] | None = None
    moderation: dict[str, Any] | None = None
    user: str | None = None

    def __post_init__(self) -> None:
        if self.stream_options is not None and not self.stream:
            message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
            raise ApiError(400, message, param="stream_options")
        least = self.max_output_tokens
        if least is not None and least < _LEAST_OUTPUT:
            message = (
                f"Invalid 'max_output_tokens': integer below minimum value. Expected a value >= {_LEAST_OUTPUT}, but "
                f"got {least} instead."
            )
            raise ApiError(400, message, param="max_output_tokens", code="integer_below_min_value")
        if self.background:
            raise ApiError(400, "The sandbox answers nothing in the background.", param="background")

    def includes(self, what: Includable) -> bool:
        return what in (self.include or ())


def _missing(param: str) -> ApiError:
    return ApiError(400, f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter")


def _no_name(param: str) -> ApiError:
    message = (
        f"Invalid '{param}': string does not match pattern. Expected a string that matches the pattern "
        f"'^[a-zA-Z0-9_-]+$'."
    )
    return ApiError(400, message, param=param, code="invalid_value")
