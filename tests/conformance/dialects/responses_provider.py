"""Providers that speak OpenAI's Responses: what a request to them looks like by the API reference.

developers.openai.com/api/reference/resources/responses; `openai` 3.52, types/responses/response_create_params.py.
"""

from typing import Any

from tests.conformance.dialects import told
from tests.conformance.dialects.pattern import ABSENT, Either, Has, InJson, Said, is_seal
from tests.conformance.dialects.provider import CACHED, NUMBERS, Pattern, Provider


def _message(role: Pattern, text: str) -> Pattern:
    return {"role": role, "content": Said(text)}


_USER = _message("user", told.PROMPT)


def _asked(part: Pattern) -> Pattern:
    return {"input": [{"role": "user", "content": [{"type": "input_text", "text": told.PROMPT}, part]}]}


def _function(name: str) -> Pattern:
    return {"type": "function", "name": name, "description": told.TOOL_ABOUT, "parameters": told.TOOL_SCHEMA}


def _call(at: int) -> Pattern:
    name, arguments = told.CALLS[at]
    said = {"call_id": told.CALL_IDS[at], "name": name, "arguments": InJson(arguments)}
    return {"type": "function_call", **said}


def _result(at: int, output: Pattern) -> Pattern:
    return {"type": "function_call_output", "call_id": told.CALL_IDS[at], "output": output}


_TOOLS = {"tools": [_function(told.TOOL), _function(told.OTHER_TOOL)]}
_PNG = {"type": "input_image", "image_url": f"data:image/png;base64,{told.PNG}"}
_INPUT = Either(told.PROMPT, [_USER])
_THOUGHT = {
    "type": "reasoning",
    "summary": Has({"type": "summary_text", "text": told.THOUGHTS}),
    "encrypted_content": is_seal,
}

RECEIVED: dict[str, Pattern] = {
    "text": {"input": _INPUT, "instructions": ABSENT, "temperature": ABSENT, "tools": ABSENT},
    "system": Either(
        {"instructions": told.SYSTEM, "input": _INPUT}, {"input": [_message("system", told.SYSTEM), _USER]}
    ),
    "developer": Either(
        {"instructions": told.DEVELOPER, "input": _INPUT}, {"input": [_message("developer", told.DEVELOPER), _USER]}
    ),
    "turns": {"input": [_message("user", told.EARLIER[0]), _message("assistant", told.EARLIER[1]), _USER]},
    "stream": {"input": _INPUT, "stream": True},
    "max_output": {"max_output_tokens": told.MAX_OUTPUT},
    "temperature": {"temperature": told.TEMPERATURE},
    "top_p": {"top_p": told.TOP_P},
    "logprobs": {"include": Has("message.output_text.logprobs"), "top_logprobs": told.TOP_LOGPROBS},
    "tools": _TOOLS,
    "choice_auto": {**_TOOLS, "tool_choice": Either("auto", ABSENT)},
    "choice_none": {**_TOOLS, "tool_choice": "none"},
    "choice_required": {**_TOOLS, "tool_choice": "required"},
    "choice_named": {**_TOOLS, "tool_choice": {"type": "function", "name": told.OTHER_TOOL}},
    "parallel": _TOOLS,
    "parallel_off": {**_TOOLS, "parallel_tool_calls": False},
    "result_text": {
        "input": [_USER, _call(0), _call(1), _result(0, Said(told.RESULTS[0])), _result(1, Said(told.RESULTS[1]))],
        **_TOOLS,
    },
    "result_image": {
        "input": [_USER, _call(0), _result(0, Has({"type": "input_text", "text": told.RESULTS[0]}, _PNG))]
    },
    "result_error": {
        "input": [_USER, _call(0), {"output": lambda text: told.FAILURE in text and "rror" in text}],
    },
    "image_url": _asked({"type": "input_image", "image_url": told.IMAGE_URL}),
    "image_base64": _asked(_PNG),
    "pdf_base64": _asked(
        {"type": "input_file", "filename": told.PDF_NAME, "file_data": f"data:application/pdf;base64,{told.PDF}"}
    ),
    "pdf_url": _asked({"type": "input_file", "file_url": told.PDF_URL}),
    "audio": _asked({"type": "input_audio", "input_audio": {"data": told.WAV, "format": "wav"}}),
    "json_schema": {"text": {"format": {"type": "json_schema", "name": str.isidentifier, "schema": told.SCHEMA}}},
    "json_mode": {"text": {"format": {"type": "json_object"}}},
    "effort": {"reasoning": {"effort": told.EFFORT}},
    "budget": {"reasoning": {"effort": "medium"}},
    "thoughts": {"reasoning": {"effort": told.EFFORT, "summary": "auto"}, "store": False},
    "round_trip": {
        "input": [
            _USER,
            _THOUGHT,
            {"role": "assistant", "content": Said(told.TEXT)},
            {"type": "function_call", "name": told.TOOL, "arguments": InJson(told.ARGUMENTS[0])},
            {"type": "function_call_output", "output": Said(told.RESULTS[0])},
        ],
        "include": Has("reasoning.encrypted_content"),
    },
    "cache_marks": Either(
        {"instructions": told.SYSTEM, "input": _INPUT}, {"input": [_message("system", told.SYSTEM), _USER]}
    ),
    "cache_key": {"prompt_cache_key": told.CACHE_KEY},
    "custom_tools": {"tools": [{"type": "custom", "name": told.CUSTOM_TOOL, "description": told.TOOL_ABOUT}]},
    "hosted_tools": {"tools": [{"type": "web_search"}]},
    "state": {"previous_response_id": told.STORED},
    "detail": _asked({**_PNG, "detail": "high"}),
    "verbosity": {"text": {"verbosity": "low"}},
    "user": {"safety_identifier": told.USER},
    "metadata": {"input": _INPUT, "metadata": ABSENT},
    "default_tier": {"service_tier": "default"},
    "priority": {"service_tier": "priority"},
    "flex": {"service_tier": "flex"},
    "unknown": {"hovercraft": {"eels": 7}},
}


def _usage(cached: int) -> dict[str, Any]:
    said, output = NUMBERS["input"], NUMBERS["output"]
    return {
        "input_tokens": said,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": NUMBERS["reasoning"]},
        "total_tokens": said + output,
    }


RESPONSES = Provider(
    id="responses",
    title="openai-responses",
    base="/v1",
    model="gpt-4.1",
    models=dict.fromkeys(("effort", "budget", "thoughts", "round_trip", "verbosity"), "gpt-5.1"),
    received=RECEIVED,
    usage=_usage(0),
    cached_usage=_usage(CACHED),
    demands={},
    faults={},
    declined=told.REFUSAL,
    own_types={},
    names_stop=False,
    request_id=True,
    counts_reasoning=True,
    names_model=True,
    streams_arguments=True,
    target=lambda *_: "/v1/responses",
)
