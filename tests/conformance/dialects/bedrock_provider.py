"""Providers that speak Amazon Bedrock's Converse: what a request to them looks like by the API reference.

docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html; botocore 1.44, bedrock-runtime.
"""

from typing import Any
from urllib.parse import quote

from tests.conformance.dialects import told
from tests.conformance.dialects.pattern import ABSENT, Either, InJson, Said, is_seal
from tests.conformance.dialects.provider import CACHED, NUMBERS, Pattern, Provider


def _message(role: str, *content: Pattern) -> Pattern:
    return {"role": role, "content": [*content]}


def _says(role: str, text: str) -> Pattern:
    return {"role": role, "content": Said(text)}


_USER = _says("user", told.PROMPT)


def _asked(*parts: Pattern) -> Pattern:
    return {"messages": [_message("user", {"text": told.PROMPT}, *parts)]}


def _spec(name: str) -> Pattern:
    about = {"name": name, "description": told.TOOL_ABOUT, "inputSchema": {"json": told.TOOL_SCHEMA}}
    return {"toolSpec": about}


def _call(at: int) -> Pattern:
    name, arguments = told.CALLS[at]
    return {"toolUse": {"toolUseId": told.CALL_IDS[at], "name": name, "input": arguments}}


def _result(at: int, *content: Pattern, status: Pattern = ABSENT) -> Pattern:
    return {"toolResult": {"toolUseId": told.CALL_IDS[at], "content": [*content], "status": status}}


def _after_calls(calls: list[Pattern], results: list[Pattern]) -> Pattern:
    return {"messages": [_USER, _message("assistant", *calls), _message("user", *results)], **_tools()}


def _tools(choice: Pattern = ABSENT) -> Pattern:
    return {"toolConfig": {"tools": [_spec(told.TOOL), _spec(told.OTHER_TOOL)], "toolChoice": choice}}


def _config(**fields: Pattern) -> Pattern:
    return {"inferenceConfig": fields}


def _more(**fields: Pattern) -> Pattern:
    return {"additionalModelRequestFields": fields}


_PNG = {"image": {"format": "png", "source": {"bytes": told.PNG}}}
_PDF = {"document": {"format": "pdf", "name": str, "source": {"bytes": told.PDF}}}
_THINKS = {"type": "adaptive"}

RECEIVED: dict[str, Pattern] = {
    "text": {"messages": [_USER], "system": ABSENT, "toolConfig": ABSENT},
    "system": {"system": Said(told.SYSTEM), "messages": [_USER]},
    "developer": {"system": Said(told.DEVELOPER), "messages": [_USER]},
    "turns": {"messages": [_says("user", told.EARLIER[0]), _says("assistant", told.EARLIER[1]), _USER]},
    "stream": {"messages": [_USER]},
    "max_output": _config(maxTokens=told.MAX_OUTPUT),
    "temperature": _config(temperature=told.TEMPERATURE),
    "top_p": _config(topP=told.TOP_P),
    "top_k": _more(top_k=told.TOP_K),
    "stop": _config(stopSequences=told.STOP),
    "tools": _tools(),
    "choice_auto": _tools(Either(ABSENT, {"auto": {}})),
    "choice_none": {"messages": [_USER], "toolConfig": ABSENT},
    "choice_required": _tools({"any": {}}),
    "choice_named": _tools({"tool": {"name": told.OTHER_TOOL}}),
    "parallel": _tools(),
    "custom_tools": {
        "toolConfig": {
            "tools": [
                {
                    "toolSpec": {
                        "name": told.CUSTOM_TOOL,
                        "description": told.TOOL_ABOUT,
                        "inputSchema": {"json": told.ONE_TEXT},
                    }
                }
            ]
        }
    },
    "result_text": _after_calls([_call(0), _call(1)], [_result(at, {"text": told.RESULTS[at]}) for at in (0, 1)]),
    "result_image": _after_calls([_call(0)], [_result(0, {"text": told.RESULTS[0]}, _PNG)]),
    "result_error": _after_calls([_call(0)], [_result(0, {"text": told.FAILURE}, status="error")]),
    "image_base64": _asked(_PNG),
    "pdf_base64": _asked(_PDF),
    "audio": _asked({"audio": {"format": "wav", "source": {"bytes": told.WAV}}}),
    "json_schema": {
        "outputConfig": {
            "textFormat": {
                "type": "json_schema",
                "structure": {"jsonSchema": {"name": str, "schema": InJson(told.SCHEMA)}},
            }
        }
    },
    "effort": {**_more(thinking=_THINKS), "outputConfig": {"effort": told.EFFORT}},
    "budget": _more(thinking={"type": "enabled", "budget_tokens": told.BUDGET}),
    "thoughts": _more(thinking={**_THINKS, "display": "summarized"}),
    "round_trip": {
        "messages": [
            _USER,
            _message(
                "assistant",
                {"reasoningContent": {"reasoningText": {"text": told.THOUGHTS, "signature": is_seal}}},
                {"text": told.TEXT},
                {"toolUse": {"name": told.TOOL, "input": told.ARGUMENTS[0]}},
            ),
            _message("user", {"toolResult": {"content": [{"text": told.RESULTS[0]}]}}),
        ]
    },
    "cache_marks": {"system": [{"text": told.SYSTEM}, {"cachePoint": {"type": "default"}}], "messages": [_USER]},
    "cite_files": _asked({"document": {**_PDF["document"], "citations": {"enabled": True}}}),
    "cache_key": {"messages": [_USER]},
    "verbosity": {"messages": [_USER]},
    "user": {"messages": [_USER]},
    "metadata": {"messages": [_USER], "requestMetadata": ABSENT},
    "default_tier": {"serviceTier": Either(ABSENT, {"type": "default"})},
    "priority": {"serviceTier": {"type": "priority"}},
    "flex": {"serviceTier": {"type": "flex"}},
}


def _usage(cached: int) -> dict[str, Any]:
    """`inputTokens` are without those of the cache; thoughts are output, and nowhere counted apart."""
    return {
        "inputTokens": NUMBERS["input"] - cached,
        "outputTokens": NUMBERS["output"],
        "totalTokens": NUMBERS["input"] + NUMBERS["output"],
        "cacheReadInputTokens": cached,
        "cacheWriteInputTokens": 0,
    }


def _target(model: str, streams: bool) -> str:
    return f"/model/{quote(model, safe='')}/" + ("converse-stream" if streams else "converse")


BEDROCK = Provider(
    id="bedrock",
    title="bedrock-converse",
    base="",
    model="anthropic.claude-sonnet-4-5-20250929-v1:0",
    models=dict.fromkeys(("effort", "thoughts", "round_trip"), "anthropic.claude-opus-4-8"),
    received=RECEIVED,
    usage=_usage(0),
    cached_usage=_usage(CACHED),
    demands={
        "refusal": {"finish": "content_filter"},
        "overloaded": {"fault": "fault-503"},
        "custom_tools": told.FREE_AS_JSON,
    },
    faults={
        "ok_with_error": (502, "upstream_invalid"),
        "error_event": (429, "upstream_rate_limited"),
    },
    declined="",
    own_types={},
    names_stop=True,
    request_id=True,
    counts_reasoning=False,
    names_model=False,
    streams_arguments=True,
    target=_target,
)
