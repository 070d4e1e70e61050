"""What Anthropic's API refuses, in its words: as quoted in the issues of anthropics/claude-code and of the SDKs."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.kit.raw_http import RawReply

Messages = Callable[..., Awaitable[RawReply]]

TOOL = {"name": "f", "input_schema": {"type": "object"}}
MARK = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}
BUDGET = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
SEARCH = {"type": "web_search_20250305", "name": "web_search"}


def text(words: str = "hi", **fields: Any) -> dict[str, Any]:
    return {"type": "text", "text": words} | fields


def user(*blocks: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": list(blocks)}]


def image(data: str) -> dict[str, Any]:
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}


def schema(**fields: Any) -> dict[str, Any]:
    return {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"} | fields}}}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"messages": user(text(""))}, "messages: text content blocks must be non-empty"),
        ({"messages": user(text(" \n"))}, "messages: text content blocks must contain non-whitespace text"),
        ({"system": [text("")]}, "system: text content blocks must be non-empty"),
        ({"max_tokens": 200_000}, "max_tokens: 200000 > 128000, which is the maximum allowed number of output tokens"),
        (BUDGET | {"max_tokens": 1024}, "`max_tokens` must be greater than `thinking.budget_tokens`."),
        (BUDGET | {"temperature": 0.5}, "`temperature` may only be set to 1 when thinking is enabled"),
        (BUDGET | {"top_k": 5}, "`top_k` must be unset when thinking is enabled."),
        (BUDGET | {"top_p": 0.5}, "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled."),
        (
            BUDGET | {"tools": [TOOL], "tool_choice": {"type": "any"}},
            "Thinking may not be enabled when tool_choice forces tool use.",
        ),
        ({"thinking": {"type": "adaptive"}}, "adaptive thinking is not supported on this model"),
        (
            BUDGET | {"model": "claude-opus-4-8"},
            '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive"',
        ),
        ({"model": "claude-opus-4-8", "temperature": 0.2}, "`temperature` is deprecated for this model."),
        ({"model": "claude-sonnet-5", "top_p": 0.2}, "`top_p` is deprecated for this model."),
        ({"temperature": 0.2, "top_p": 0.2}, "`temperature` and `top_p` cannot both be specified for this model."),
        ({"output_config": {"effort": "low"}}, "This model does not support the effort parameter."),
        (
            {"model": "claude-opus-4-5", "output_config": {"effort": "max"}},
            "This model does not support effort level 'max'. Supported levels: high, low, medium.",
        ),
        (
            schema(),
            "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
        ),
        ({"metadata": {"user_id": "ann@example.com"}}, "metadata.user_id: user_id appears to contain an email address"),
        ({"stop_sequences": ["\n"]}, "stop_sequences: each stop sequence must contain non-whitespace"),
        ({"tool_choice": {"type": "auto"}}, "`tool_choice` may only be specified while providing `tools`."),
        (
            {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "g"}},
            "Tool 'g' not found in provided tools",
        ),
        ({"tools": [TOOL, TOOL]}, "tools: Tool names must be unique."),
        ({"tools": [{"name": "f"}]}, "tools.0.custom.input_schema: Field required"),
        ({"tools": [{"name": "f", "input_schema": {}}]}, "tools.0.custom.input_schema.type: Field required"),
        (
            {"tools": [{"name": "f", "input_schema": {"type": "string"}}]},
            "tools.0.custom.input_schema.type: Input should be 'object'",
        ),
        (
            {"tools": [{"name": "f", "input_schema": {"type": "object", "anyOf": []}}]},
            "tools.0.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level",
        ),
        (
            {"tools": [TOOL | {"strict": True}]},
            "tools.0.custom: For 'object' type, 'additionalProperties' must be explicitly set to false",
        ),
        ({"tools": [TOOL | {"name": "a b"}]}, "tools.0.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"),
        ({"tools": [{"type": "function", "name": "f"}]}, "tools.0: Input tag 'function' found using 'type' does not"),
        ({"messages": user(image("no base64!"))}, "messages.0.content.0.image.source.base64.data: invalid base64 data"),
        (
            {"system": [text(cache_control=MARK)] * 3, "messages": user(*[text(cache_control=MARK)] * 2)},
            "A maximum of 4 blocks with cache_control may be provided. Found 5.",
        ),
        (
            {"system": [text(cache_control=MARK)] * 4, "cache_control": MARK},
            "A maximum of 4 blocks with cache_control may be provided. Found 5.",
        ),
        (
            {"system": [text(cache_control=MARK)], "messages": user(text(cache_control=HOUR))},
            "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block.",
        ),
    ],
)
async def test_what_makes_no_sense_is_refused(messages: Messages, fields: dict[str, Any], words: str) -> None:
    reply = await messages(**fields)
    assert (reply.status, reply.json["error"]["type"]) == (400, "invalid_request_error")
    assert reply.json["error"]["message"].startswith(words)


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": 0.0},
        {"temperature": 1, "model": "claude-opus-4-8"},
        {"temperature": 0.2, "top_p": 0.2, "model": "claude-3-5-haiku-latest"},
        BUDGET | {"temperature": 1},
        BUDGET | {"top_p": 0.95},
        BUDGET | {"tools": [TOOL], "tool_choice": {"type": "auto"}},
        {"model": "claude-opus-4-8", "thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}},
        {"model": "claude-opus-4-5", "output_config": {"effort": "high"}},
        {"tools": [SEARCH, TOOL]},
        {"tools": [TOOL | {"strict": True, "input_schema": {"type": "object", "additionalProperties": False}}]},
        schema(additionalProperties=False),
        {"messages": user(image("aGVsbG8="))},
        {"system": [text(cache_control=HOUR)], "messages": user(text(cache_control=MARK))},
        {"system": "", "stop_sequences": [], "tools": []},
        {"metadata": {"user_id": None}, "service_tier": "standard_only", "inference_geo": "us"},
    ],
)
async def test_what_makes_sense_is_not(messages: Messages, fields: dict[str, Any]) -> None:
    reply = await messages(**fields)
    assert reply.status == 200, reply.json
