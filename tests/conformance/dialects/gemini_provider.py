"""Providers that speak Google's generateContent: what a request to them looks like by the API reference.

ai.google.dev/api/generate-content, …/gemini-api/docs/function-calling, …/thinking; `google-genai` 3.4, types.py.
"""

from typing import Any

from tests.conformance.dialects import told
from tests.conformance.dialects.pattern import ABSENT, Either, Has, Said, is_seal
from tests.conformance.dialects.provider import CACHED, NUMBERS, Pattern, Provider


def _content(role: str, text: str) -> Pattern:
    return {"role": role, "parts": Said(text)}


_USER = _content("user", told.PROMPT)


def _config(**fields: Pattern) -> Pattern:
    return {"generationConfig": fields}


def _asked(*parts: Pattern) -> Pattern:
    return {"contents": [{"role": "user", "parts": [{"text": told.PROMPT}, *parts]}]}


def _function(name: str) -> Pattern:
    return {"name": name, "description": told.TOOL_ABOUT, "parametersJsonSchema": told.TOOL_SCHEMA}


def _call(at: int) -> Pattern:
    name, arguments = told.CALLS[at]
    return {"functionCall": {"name": name, "args": arguments}}


def _result(at: int, field: str, said: str, **more: Pattern) -> Pattern:
    return {"functionResponse": {"name": told.CALLS[at][0], "response": {field: said}, **more}}


def _after_calls(calls: list[Pattern], results: list[Pattern]) -> Pattern:
    return {"contents": [_USER, {"role": "model", "parts": calls}, {"role": "user", "parts": results}]}


def _calling(**fields: Pattern) -> Pattern:
    return {**_TOOLS, "toolConfig": {"functionCallingConfig": fields}}


_TOOLS = {"tools": [{"functionDeclarations": [_function(told.TOOL), _function(told.OTHER_TOOL)]}]}
_PNG = {"inlineData": {"mimeType": "image/png", "data": told.PNG}}
_PDF = {"inlineData": {"mimeType": "application/pdf", "data": told.PDF}}

RECEIVED: dict[str, Pattern] = {
    "text": {"contents": [_USER], "systemInstruction": ABSENT, "tools": ABSENT},
    "system": {"systemInstruction": {"parts": Said(told.SYSTEM)}, "contents": [_USER]},
    "developer": {"systemInstruction": {"parts": Said(told.DEVELOPER)}, "contents": [_USER]},
    "turns": {"contents": [_content("user", told.EARLIER[0]), _content("model", told.EARLIER[1]), _USER]},
    "stream": {"contents": [_USER]},
    "max_output": _config(maxOutputTokens=told.MAX_OUTPUT),
    "temperature": _config(temperature=told.TEMPERATURE),
    "top_p": _config(topP=told.TOP_P),
    "top_k": _config(topK=told.TOP_K),
    "stop": _config(stopSequences=told.STOP),
    "seed": _config(seed=told.SEED),
    "n": _config(candidateCount=2),
    "penalties": _config(presencePenalty=told.PENALTIES[0], frequencyPenalty=told.PENALTIES[1]),
    "logprobs": _config(responseLogprobs=True, logprobs=told.TOP_LOGPROBS),
    "tools": _TOOLS,
    "choice_auto": {**_TOOLS, "toolConfig": Either(ABSENT, {"functionCallingConfig": {"mode": "AUTO"}})},
    "choice_none": _calling(mode="NONE"),
    "choice_required": _calling(mode="ANY", allowedFunctionNames=ABSENT),
    "choice_named": _calling(mode="ANY", allowedFunctionNames=[told.OTHER_TOOL]),
    "parallel": _TOOLS,
    "custom_tools": {
        "tools": [
            {
                "functionDeclarations": [
                    {
                        "name": told.CUSTOM_TOOL,
                        "description": told.TOOL_ABOUT,
                        "parametersJsonSchema": told.ONE_TEXT,
                    }
                ]
            }
        ]
    },
    "result_text": {
        **_after_calls([_call(0), _call(1)], [_result(at, "output", told.RESULTS[at]) for at in (0, 1)]),
        **_TOOLS,
    },
    "result_image": _after_calls([_call(0)], [_result(0, "output", told.RESULTS[0], parts=[_PNG])]),
    "result_error": _after_calls([_call(0)], [_result(0, "error", told.FAILURE)]),
    "image_url": _asked({"fileData": {"fileUri": told.IMAGE_URL, "mimeType": "image/png"}}),
    "image_base64": _asked(_PNG),
    "pdf_base64": {"contents": [{"role": "user", "parts": Has({"text": told.PROMPT}, _PDF)}]},
    "pdf_url": _asked({"fileData": {"fileUri": told.PDF_URL, "mimeType": "application/pdf"}}),
    "audio": _asked({"inlineData": {"mimeType": "audio/wav", "data": told.WAV}}),
    "json_schema": _config(responseMimeType="application/json", responseJsonSchema=told.SCHEMA),
    "json_mode": _config(responseMimeType="application/json", responseJsonSchema=ABSENT),
    "effort": _config(thinkingConfig={"thinkingLevel": told.EFFORT.upper(), "thinkingBudget": ABSENT}),
    "budget": _config(thinkingConfig={"thinkingBudget": told.BUDGET, "thinkingLevel": ABSENT}),
    "thoughts": _config(thinkingConfig={"thinkingLevel": told.EFFORT.upper(), "includeThoughts": True}),
    "round_trip": {
        "contents": [
            _USER,
            {
                "role": "model",
                "parts": Has(
                    {"text": told.TEXT, "thought": ABSENT},
                    {"functionCall": {"name": told.TOOL, "args": told.ARGUMENTS[0]}, "thoughtSignature": is_seal},
                ),
            },
            {"role": "user", "parts": [{"functionResponse": {"response": {"output": told.RESULTS[0]}}}]},
        ]
    },
    "cache_marks": {"systemInstruction": {"parts": Said(told.SYSTEM)}, "contents": [_USER]},
    "cache_key": {"contents": [_USER]},
    "verbosity": {"contents": [_USER]},
    "detail": {**_asked(_PNG), **_config(mediaResolution="MEDIA_RESOLUTION_HIGH")},
    "user": {"contents": [_USER]},
    "metadata": {"contents": [_USER], "labels": ABSENT},
    "default_tier": {"serviceTier": Either("standard", ABSENT)},
    "priority": {"serviceTier": "priority"},
    "flex": {"serviceTier": "flex"},
}


def _usage(cached: int) -> dict[str, Any]:
    """Thoughts are counted beside the candidates."""
    said = {
        "promptTokenCount": NUMBERS["input"],
        "candidatesTokenCount": NUMBERS["output"] - NUMBERS["reasoning"],
        "thoughtsTokenCount": NUMBERS["reasoning"],
        "totalTokenCount": NUMBERS["input"] + NUMBERS["output"],
    }
    return {**said, "cachedContentTokenCount": cached} if cached else said


def _target(model: str, streams: bool) -> str:
    return f"/v1beta/models/{model}:" + ("streamGenerateContent?alt=sse" if streams else "generateContent")


GEMINI = Provider(
    id="gemini",
    title="gemini",
    base="",
    model="gemini-3-flash-preview",
    models={"embeddings": "gemini-embedding-001", "budget": "gemini-2.5-flash"},
    received=RECEIVED,
    usage=_usage(0),
    cached_usage=_usage(CACHED),
    demands={"custom_tools": told.FREE_AS_JSON},
    faults={},
    declined="",
    own_types={},
    names_stop=False,
    request_id=False,
    counts_reasoning=True,
    names_model=True,
    streams_arguments=False,
    target=_target,
)
