"""Providers that speak Anthropic's Messages: what a request to them looks like by the API reference.

platform.claude.com/docs/en/api/messages; `anthropic` 2.12, types/message_create_params.py.
"""

from typing import Any

from tests.conformance.dialects import told
from tests.conformance.dialects.pattern import ABSENT, Either, Has, Said, is_seal
from tests.conformance.dialects.provider import CACHED, NUMBERS, Pattern, Provider

_USER = {"role": "user", "content": Said(told.PROMPT)}
_TEXT = {"type": "text", "text": told.PROMPT}


def _asked(part: Pattern) -> Pattern:
    return {"messages": [{"role": "user", "content": [_TEXT, part]}]}


def _tool(name: str) -> Pattern:
    return {"name": name, "description": told.TOOL_ABOUT, "input_schema": told.TOOL_SCHEMA}


def _call(at: int) -> Pattern:
    name, arguments = told.CALLS[at]
    return {"type": "tool_use", "id": told.CALL_IDS[at], "name": name, "input": arguments}


def _result(at: int, content: Pattern, **more: Pattern) -> Pattern:
    return {"type": "tool_result", "tool_use_id": told.CALL_IDS[at], "content": content, **more}


def _after_calls(calls: list[Pattern], results: list[Pattern]) -> Pattern:
    return {"messages": [_USER, {"role": "assistant", "content": calls}, {"role": "user", "content": results}]}


def _in_base64(media_type: str, data: str) -> Pattern:
    return {"type": "base64", "media_type": media_type, "data": data}


_TOOLS = {"tools": [_tool(told.TOOL), _tool(told.OTHER_TOOL)]}
_PNG = {"type": "image", "source": _in_base64("image/png", told.PNG)}
_PDF = {"type": "document", "title": told.PDF_NAME, "source": _in_base64("application/pdf", told.PDF)}
_FORMAT = {"type": "json_schema", "schema": told.SCHEMA}
_THINKS = {"type": "adaptive"}

RECEIVED: dict[str, Pattern] = {
    "text": {"messages": [_USER], "max_tokens": lambda most: most >= 1000, "system": ABSENT, "thinking": ABSENT},
    "system": {"system": Said(told.SYSTEM), "messages": [_USER]},
    "developer": {"system": Said(told.DEVELOPER), "messages": [_USER]},
    "turns": {
        "messages": [
            {"role": "user", "content": Said(told.EARLIER[0])},
            {"role": "assistant", "content": Said(told.EARLIER[1])},
            _USER,
        ]
    },
    "stream": {"messages": [_USER], "stream": True},
    "max_output": {"max_tokens": told.MAX_OUTPUT},
    "temperature": {"temperature": told.TEMPERATURE},
    "top_p": {"top_p": told.TOP_P},
    "top_k": {"top_k": told.TOP_K},
    "stop": {"stop_sequences": told.STOP},
    "tools": _TOOLS,
    "choice_auto": {**_TOOLS, "tool_choice": Either({"type": "auto"}, ABSENT)},
    "choice_none": {**_TOOLS, "tool_choice": {"type": "none"}},
    "choice_required": {**_TOOLS, "tool_choice": {"type": "any"}},
    "choice_named": {**_TOOLS, "tool_choice": {"type": "tool", "name": told.OTHER_TOOL}},
    "parallel": _TOOLS,
    "parallel_off": {**_TOOLS, "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
    "result_text": {
        **_after_calls([_call(0), _call(1)], [_result(at, Said(told.RESULTS[at])) for at in (0, 1)]),
        **_TOOLS,
    },
    "result_image": _after_calls([_call(0)], [_result(0, Has({"type": "text", "text": told.RESULTS[0]}, _PNG))]),
    "result_error": _after_calls([_call(0)], [_result(0, Said(told.FAILURE), is_error=True)]),
    "image_url": _asked({"type": "image", "source": {"type": "url", "url": told.IMAGE_URL}}),
    "image_base64": _asked(_PNG),
    "pdf_base64": _asked(_PDF),
    "pdf_url": _asked({"type": "document", "source": {"type": "url", "url": told.PDF_URL}}),
    "json_schema": {"output_config": {"format": _FORMAT}},
    "effort": {"thinking": _THINKS, "output_config": {"effort": told.EFFORT}},
    "budget": {"thinking": {"type": "enabled", "budget_tokens": told.BUDGET}},
    "thoughts": {"thinking": {**_THINKS, "display": "summarized"}, "output_config": {"effort": told.EFFORT}},
    "round_trip": {
        "messages": [
            _USER,
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": told.THOUGHTS, "signature": is_seal},
                    {"type": "text", "text": told.TEXT},
                    {"type": "tool_use", "name": told.TOOL, "input": told.ARGUMENTS[0]},
                ],
            },
            {"role": "user", "content": [{"type": "tool_result", "content": Said(told.RESULTS[0])}]},
        ],
        "thinking": _THINKS,
    },
    "cache_marks": {
        "system": [{"type": "text", "text": told.SYSTEM, "cache_control": {"type": "ephemeral"}}],
        "messages": [_USER],
    },
    "cite_files": _asked({**_PDF, "citations": {"enabled": True}}),
    "cache_key": {"messages": [_USER]},
    "verbosity": {"messages": [_USER]},
    "custom_tools": {
        "tools": [{"name": told.CUSTOM_TOOL, "description": told.TOOL_ABOUT, "input_schema": told.ONE_TEXT}]
    },
    "hosted_tools": {"tools": [{"type": "web_search_20250305"}]},
    "user": {"metadata": {"user_id": told.USER}},
    "metadata": {"messages": [_USER], "metadata": Either(ABSENT, {"feature": ABSENT})},
    "default_tier": {"service_tier": "standard_only"},
    "priority": {"service_tier": "auto"},
    "unknown": {"hovercraft": {"eels": 7}},
}


def _usage(cached: int) -> dict[str, Any]:
    return {
        "input_tokens": NUMBERS["input"] - cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": cached,
        "output_tokens": NUMBERS["output"],
        "output_tokens_details": {"thinking_tokens": NUMBERS["reasoning"]},
    }


MESSAGES = Provider(
    id="messages",
    title="anthropic-messages",
    base="",
    model="claude-sonnet-4-5",
    models=dict.fromkeys(("effort", "thoughts", "round_trip"), "claude-opus-4-8"),
    received=RECEIVED,
    usage=_usage(0),
    cached_usage=_usage(CACHED),
    demands={"content_filter": {"finish": "refusal"}, "custom_tools": told.FREE_AS_JSON},
    faults={"error_event": (503, "upstream_overloaded")},
    declined="As demanded.",
    own_types={"no_model": "not_found_error"},
    names_stop=True,
    request_id=True,
    counts_reasoning=True,
    names_model=True,
    streams_arguments=True,
    target=lambda *_: "/v1/messages",
)
