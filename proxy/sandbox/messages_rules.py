"""What Anthropic's API refuses though every field is well formed, in its own words.

platform.claude.com/docs/en/api/errors, …/build-with-claude/extended-thinking, …/prompt-caching, …/tool-use; the wording
is that of error replies in the issues of anthropics/claude-code and of the SDKs.
"""

import base64
import binascii
from collections.abc import Iterator
from typing import TYPE_CHECKING

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.claude_schemas import check_schema
from proxy.sandbox.messages_blocks import (
    AnyBlock,
    Base64Image,
    Cacheable,
    CacheControl,
    Document,
    Image,
    Pdf,
    Text,
    ToolResult,
)
from proxy.sandbox.messages_turns import check_turns

if TYPE_CHECKING:
    from proxy.sandbox.messages_request import MessagesAsked, Prompt, Tool

MOST_OUTPUT = 128_000
MOST_MARKS = 4


def check_prompt(prompt: "Prompt") -> None:
    """Raises ApiError with the first complaint."""
    _check_texts(prompt)
    check_turns(prompt.messages, prompt.generation, thinks=prompt.thinks, with_budget=prompt.budget is not None)
    for number, message in enumerate(prompt.messages):
        for at, block in enumerate(message.blocks):
            _check_media(block, f"messages.{number}.content.{at}")
    _check_tools(prompt)
    _check_thinking(prompt)
    _check_output(prompt)
    _check_cache(prompt)


def check_sampling(asked: "MessagesAsked") -> None:
    """The same for what only a request for a reply has."""
    if asked.max_tokens > MOST_OUTPUT:
        raise ApiError(
            400,
            f"max_tokens: {asked.max_tokens} > {MOST_OUTPUT}, which is the maximum allowed number of output tokens for "
            f"{asked.model}",
        )
    if asked.budget is not None and asked.budget >= asked.max_tokens:
        raise ApiError(400, "`max_tokens` must be greater than `thinking.budget_tokens`.")
    if asked.metadata and "@" in (asked.metadata.user_id or ""):
        raise ApiError(400, "metadata.user_id: user_id appears to contain an email address")
    if any(not stop.strip() for stop in asked.stop_sequences or ()):
        raise ApiError(400, "stop_sequences: each stop sequence must contain non-whitespace")
    if not asked.generation.takes_sampling:
        for name, value, usual in (
            ("temperature", asked.temperature, 1),
            ("top_p", asked.top_p, 1),
            ("top_k", asked.top_k, 0),
        ):
            if isinstance(value, int | float) and value != usual:
                raise ApiError(400, f"`{name}` is deprecated for this model.")
    if asked.thinks:
        if isinstance(asked.temperature, float) and asked.temperature != 1:
            raise ApiError(400, "`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.")
        if isinstance(asked.top_k, int) and asked.top_k:
            raise ApiError(400, "`top_k` must be unset when thinking is enabled.")
        if isinstance(asked.top_p, float) and asked.top_p < 0.95:
            raise ApiError(400, "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.")
    both = isinstance(asked.temperature, float) and isinstance(asked.top_p, float)
    if both and not asked.generation.takes_temperature_with_top_p:
        raise ApiError(400, "`temperature` and `top_p` cannot both be specified for this model. Please use only one.")


def marks(prompt: "Prompt") -> Iterator[CacheControl]:
    """The marks of the prompt, in the order in which it is read: tools, system, messages."""
    for tool in prompt.offered:
        if tool.cache_control:
            yield tool.cache_control
    for each in (*prompt.system_blocks, *(block for message in prompt.messages for block in message.blocks)):
        if isinstance(each, Cacheable) and each.cache_control:
            yield each.cache_control


def _check_texts(prompt: "Prompt") -> None:
    for block in prompt.system or ():
        if isinstance(block, Text):
            _check_text(block, "system")
    for message in prompt.messages:
        for each in message.content if isinstance(message.content, list) else ():
            _check_text(each, "messages")
            if isinstance(each, ToolResult) and isinstance(each.content, list):
                for inner in each.content:
                    _check_text(inner, "messages")


def _check_text(block: object, place: str) -> None:
    if not isinstance(block, Text):
        return
    if not block.text:
        raise ApiError(400, f"{place}: text content blocks must be non-empty")
    if not block.text.strip():
        raise ApiError(400, f"{place}: text content blocks must contain non-whitespace text")


def _check_media(block: AnyBlock, place: str) -> None:
    if isinstance(block, ToolResult) and isinstance(block.content, list):
        for at, inner in enumerate(block.content):
            if isinstance(inner, Image | Document):
                _check_media(inner, f"{place}.tool_result.content.{at}")
    elif isinstance(block, Image | Document) and isinstance(block.source, Base64Image | Pdf):
        kind = "image" if isinstance(block, Image) else "document"
        try:
            data = base64.b64decode(block.source.data, validate=True)
        except (binascii.Error, ValueError):
            data = b""
        if not data:
            raise ApiError(400, f"{place}.{kind}.source.base64.data: invalid base64 data")


def _check_tools(prompt: "Prompt") -> None:
    names = [tool.name for tool in prompt.offered]
    for number, tool in enumerate(prompt.offered):
        _check_tool(tool, f"tools.{number}")
    if len(set(names)) < len(names):
        raise ApiError(400, "tools: Tool names must be unique.")
    if prompt.tool_choice and not names:
        raise ApiError(400, "`tool_choice` may only be specified while providing `tools`.")
    if prompt.forced_tool is not None and prompt.forced_tool not in names:
        raise ApiError(400, f"Tool '{prompt.forced_tool}' not found in provided tools")
    if prompt.forces_a_tool and prompt.thinks:
        raise ApiError(400, "Thinking may not be enabled when tool_choice forces tool use.")


def _check_tool(tool: "Tool", place: str) -> None:
    if not tool.custom:
        if (fault := tool.foreign_type()) is not None:
            raise ApiError(400, f"{place}: {fault}")
        return
    place += ".custom"
    if not tool.name:
        raise ApiError(400, f"{place}.name: Field required")
    if (name := tool.field_of_hosted_tools()) is not None:
        raise ApiError(400, f"{place}.{name}: Extra inputs are not permitted")
    if not isinstance(schema := tool.input_schema, dict):
        raise ApiError(400, f"{place}.input_schema: Field required")
    if "type" not in schema:
        raise ApiError(400, f"{place}.input_schema.type: Field required")
    if schema["type"] != "object":
        raise ApiError(400, f"{place}.input_schema.type: Input should be 'object'")
    if not {"oneOf", "allOf", "anyOf"}.isdisjoint(schema):
        raise ApiError(
            400, f"{place}.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level"
        )
    if tool.strict:
        check_schema(schema, place)


def _check_thinking(prompt: "Prompt") -> None:
    if prompt.budget is not None and not prompt.generation.takes_budgets:
        raise ApiError(
            400,
            '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and '
            '"output_config.effort" to control thinking behavior.',
        )
    if prompt.adapts and not prompt.generation.takes_adaptive_thinking:
        raise ApiError(400, "adaptive thinking is not supported on this model")


def _check_output(prompt: "Prompt") -> None:
    if prompt.schema is not None:
        check_schema(prompt.schema, "output_config.format.schema")
    effort = prompt.output_config.effort if prompt.output_config else None
    if effort is None:
        return
    known = prompt.generation.efforts
    if not known:
        raise ApiError(400, "This model does not support the effort parameter.")
    if effort not in known:
        levels = ", ".join(sorted(known))
        raise ApiError(400, f"This model does not support effort level '{effort}'. Supported levels: {levels}.")


def _check_cache(prompt: "Prompt") -> None:
    found = list(marks(prompt))
    count = len(found) + (prompt.cache_control is not None)
    if count > MOST_MARKS:
        raise ApiError(400, f"A maximum of {MOST_MARKS} blocks with cache_control may be provided. Found {count}.")
    ttls = [mark.ttl for mark in found]
    if "5m" in ttls and "1h" in ttls[ttls.index("5m") :]:
        raise ApiError(
            400,
            "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are "
            "processed in the following order: `tools`, `system`, `messages`.",
        )
