"""Providers that speak OpenAI's Chat Completions: what a request to them looks like by the API reference.

developers.openai.com/api/reference/resources/chat; `openai` 3.52, types/chat/completion_create_params.py. Callers of
the legacy Completions are passed on as they are, so the same provider has patterns of that API too.
"""

from typing import Any

from tests.conformance.dialects import told
from tests.conformance.dialects.pattern import ABSENT, Either, Has, InJson, Said
from tests.conformance.dialects.provider import CACHED, NUMBERS, Pattern, Provider

_USER = {"role": "user", "content": Said(told.PROMPT)}
_TEXT = {"type": "text", "text": told.PROMPT}


def _asked(part: Pattern) -> Pattern:
    return {"messages": [{"role": "user", "content": [_TEXT, part]}]}


def _function(name: str) -> Pattern:
    about = {"name": name, "description": told.TOOL_ABOUT, "parameters": told.TOOL_SCHEMA}
    return {"type": "function", "function": about}


def _call(at: int) -> Pattern:
    name, arguments = told.CALLS[at]
    function = {"name": name, "arguments": InJson(arguments)}
    return {"id": told.CALL_IDS[at], "type": "function", "function": function}


def _result(at: int, text: str) -> Pattern:
    return {"role": "tool", "tool_call_id": told.CALL_IDS[at], "content": Said(text)}


def _calls(*at: int) -> Pattern:
    return {"role": "assistant", "tool_calls": [_call(each) for each in at]}


_TOOLS = {"tools": [_function(told.TOOL), _function(told.OTHER_TOOL)]}
_PNG: Pattern = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{told.PNG}"}}
_SCHEMA = {"type": "json_schema", "json_schema": {"name": str.isidentifier, "schema": told.SCHEMA}}
_EFFORT = {"reasoning_effort": told.EFFORT}

RECEIVED: dict[str, Pattern] = {
    "text": {"messages": [_USER], "temperature": ABSENT, "tools": ABSENT},
    "system": {"messages": [{"role": "system", "content": Said(told.SYSTEM)}, _USER]},
    "developer": {
        "messages": [{"role": Either("developer", "system"), "content": Said(told.DEVELOPER)}, _USER],
    },
    "turns": {
        "messages": [
            {"role": "user", "content": Said(told.EARLIER[0])},
            {"role": "assistant", "content": Said(told.EARLIER[1])},
            _USER,
        ]
    },
    "stream": {"messages": [_USER], "stream": True, "stream_options": {"include_usage": True}},
    "max_output": {"max_completion_tokens": told.MAX_OUTPUT},
    "temperature": {"temperature": told.TEMPERATURE},
    "top_p": {"top_p": told.TOP_P},
    "top_k": {"top_k": told.TOP_K},
    "stop": {"stop": told.STOP},
    "seed": {"seed": told.SEED},
    "n": {"n": 2},
    "penalties": {"presence_penalty": told.PENALTIES[0], "frequency_penalty": told.PENALTIES[1]},
    "logprobs": {"logprobs": True, "top_logprobs": told.TOP_LOGPROBS},
    "tools": _TOOLS,
    "choice_auto": {**_TOOLS, "tool_choice": Either("auto", ABSENT)},
    "choice_none": {**_TOOLS, "tool_choice": "none"},
    "choice_required": {**_TOOLS, "tool_choice": "required"},
    "choice_named": {**_TOOLS, "tool_choice": {"type": "function", "function": {"name": told.OTHER_TOOL}}},
    "parallel": _TOOLS,
    "parallel_off": {**_TOOLS, "parallel_tool_calls": False},
    "result_text": {
        "messages": [_USER, _calls(0, 1), _result(0, told.RESULTS[0]), _result(1, told.RESULTS[1])],
        **_TOOLS,
    },
    "result_image": {
        "messages": [_USER, _calls(0), _result(0, told.RESULTS[0]), {"role": "user", "content": Has(_PNG)}]
    },
    "result_error": {
        "messages": [
            _USER,
            _calls(0),
            {"role": "tool", "content": lambda text: told.FAILURE in text and "rror" in text},
        ]
    },
    "image_url": _asked({"type": "image_url", "image_url": {"url": told.IMAGE_URL}}),
    "image_base64": _asked(_PNG),
    "pdf_base64": _asked(
        {"type": "file", "file": {"filename": told.PDF_NAME, "file_data": f"data:application/pdf;base64,{told.PDF}"}}
    ),
    "audio": _asked({"type": "input_audio", "input_audio": {"data": told.WAV, "format": "wav"}}),
    "json_schema": {"response_format": _SCHEMA},
    "json_mode": {"response_format": {"type": "json_object"}},
    "effort": _EFFORT,
    "budget": Either({"reasoning_effort": "medium"}, {"reasoning": {"max_tokens": told.BUDGET}}),
    "thoughts": Either(_EFFORT, {"reasoning": {"effort": told.EFFORT}}),
    "round_trip": {
        "messages": [
            _USER,
            {"role": "assistant", "tool_calls": [{"function": {"name": told.TOOL}}]},
            {"role": "tool", "content": Said(told.RESULTS[0])},
        ]
    },
    "cache_marks": {"messages": [{"role": "system", "content": Said(told.SYSTEM)}, _USER]},
    "cache_key": {"prompt_cache_key": told.CACHE_KEY},
    "custom_tools": {
        "tools": [{"type": "custom", "custom": {"name": told.CUSTOM_TOOL, "description": told.TOOL_ABOUT}}]
    },
    "names": {"messages": [{**_USER, "name": told.SPEAKER}]},
    "detail": _asked({**_PNG, "image_url": {**_PNG["image_url"], "detail": "high"}}),
    "verbosity": {"verbosity": "low"},
    "logit_bias": {"logit_bias": told.LOGIT_BIAS},
    "user": {"user": told.USER},
    "metadata": {"messages": [_USER], "metadata": ABSENT},
    "default_tier": {"service_tier": "default"},
    "priority": {"service_tier": "priority"},
    "flex": {"service_tier": "flex"},
    "unknown": {"hovercraft": {"eels": 7}},
}


def _usage(cached: int) -> dict[str, Any]:
    prompt, completion = NUMBERS["input"], NUMBERS["output"]
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": NUMBERS["reasoning"], "audio_tokens": 0},
    }


_LENIENT = ("top_k", "budget", "thoughts", "round_trip")
"""Features that OpenAI itself has no parameter for."""

CHAT = Provider(
    id="chat",
    title="openai-chat",
    base="/v1",
    model="gpt-4.1",
    models={
        "embeddings": "text-embedding-3-small",
        "effort": "gpt-5.1",
        "verbosity": "gpt-5.1",
        **dict.fromkeys(_LENIENT, "lenient-gpt-5.1"),
    },
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
    target=lambda *_: "/v1/chat/completions",
)

_PROMPT = {"prompt": told.PROMPT, "messages": ABSENT}
COMPLETIONS = CHAT._replace(
    received={
        "text": _PROMPT,
        "stream": {**_PROMPT, "stream": True},
        "max_output": {"max_tokens": told.MAX_OUTPUT},
        "logprobs": {"logprobs": told.TOP_LOGPROBS},
        "metadata": {**_PROMPT, "metadata": ABSENT},
        **{name: RECEIVED[name] for name in ("temperature", "top_p", "stop", "seed", "n", "penalties", "user")},
        "logit_bias": RECEIVED["logit_bias"],
        "unknown": RECEIVED["unknown"],
    },
    demands={"refusal": {"finish": "content_filter"}},
    declined="",
    target=lambda *_: "/v1/completions",
)
"""The same providers, asked for a legacy completion."""
