"""Limits of ai.google.dev/gemini-api/docs/thinking and /structured-output."""

import json
from typing import Any

import pytest

from proxy.sandbox.answer import Place
from proxy.sandbox.api_error import ApiError
from proxy.sandbox.gemini import GeminiAnswer
from proxy.sandbox.gemini_request import GeminiAsked, GeminiEndpoint, json_schema
from proxy.sandbox.google_manners import GOOGLE
from proxy.sandbox.vertex_manners import VERTEX

TOOLS = [{"functionDeclarations": [{"name": "f"}, {"name": "g"}]}]


def asked(model: str = "gemini-2.5-flash", **fields: Any) -> GeminiAsked:
    body = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]} | fields
    endpoint = GeminiEndpoint(GeminiAnswer, GOOGLE)
    return endpoint.read(json.dumps(body).encode(), Place(model, {}, ""))


@pytest.mark.parametrize(
    ("config", "names"),
    [
        ({}, []),
        ({"mode": "AUTO"}, []),
        ({"mode": "NONE"}, []),
        ({"mode": "VALIDATED"}, []),
        ({"mode": "ANY"}, ["f", "g"]),
        ({"mode": "any", "allowed_function_names": ["g"]}, ["g"]),
    ],
)
def test_the_mode_says_what_is_called(config: dict[str, Any], names: list[str]) -> None:
    request = asked(tools=TOOLS, tool_config={"function_calling_config": config})
    request.check()
    assert [tool.name for tool in request.must_call()] == names


@pytest.mark.parametrize(
    ("model", "fields", "text"),
    [
        (
            "gemini-2.5-flash",
            {"toolConfig": {"functionCallingConfig": {"mode": "ANY"}}},
            "Function calling config is set without function_declarations.",
        ),
        (
            "gemini-2.5-flash",
            {"tools": TOOLS, "toolConfig": {"functionCallingConfig": {"allowedFunctionNames": ["f"]}}},
            "should only be set when",
        ),
        (
            "gemini-2.5-flash",
            {"tools": TOOLS, "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["h"]}}},
            "should be a subset",
        ),
        (
            "gemini-2.5-flash",
            {"tools": TOOLS, "generationConfig": {"responseMimeType": "application/json"}},
            "Function calling with a response mime type: 'application/json' is unsupported",
        ),
        (
            "gemini-2.5-flash",
            {"generationConfig": {"responseJsonSchema": {"type": "object"}}},
            "application/json",
        ),
        ("gemini-2.5-flash", {"generationConfig": {"temperature": 2.5}}, "supported range is from 0 (inclusive) to 2"),
        ("gemini-2.5-flash", {"generationConfig": {"maxOutputTokens": 0}}, "maxOutputTokens value of 0"),
        ("gemini-2.5-flash", {"generationConfig": {"logprobs": 2}}, "response_logprobs"),
        ("gemini-2.5-flash", {"generationConfig": {"stopSequences": list("abcdef")}}, "at most 5"),
        (
            "gemini-2.5-pro",
            {"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}},
            "The thinking budget 0 is invalid. Please choose a value between 128 and 32768.",
        ),
        (
            "gemini-2.5-flash-lite",
            {"generationConfig": {"thinkingConfig": {"thinkingBudget": 100}}},
            "between 512 and 24576",
        ),
        (
            "gemini-2.5-flash",
            {"generationConfig": {"thinkingConfig": {"thinkingLevel": "LOW"}}},
            "Thinking level is not supported for this model.",
        ),
        (
            "gemini-3-pro",
            {"generationConfig": {"thinkingConfig": {"thinkingLevel": "LOW", "thinkingBudget": 1}}},
            "You can only set only one of thinking budget and thinking level.",
        ),
        (
            "gemini-2.0-flash",
            {"generationConfig": {"thinkingConfig": {"includeThoughts": True}}},
            "Thinking is not supported by this model.",
        ),
    ],
)
def test_what_a_model_cannot_do_is_refused(model: str, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(ApiError) as caught:
        asked(model, **fields).check()
    assert text in caught.value.message


@pytest.mark.parametrize(
    ("model", "config"),
    [
        ("gemini-2.5-flash", {"thinkingBudget": 0}),
        ("gemini-2.5-flash-lite", {"thinkingBudget": 0}),
        ("gemini-2.5-pro", {"thinkingBudget": -1}),
        ("gemini-2.5-pro", {"thinkingBudget": 32_768, "includeThoughts": True}),
        ("gemini-3-pro", {"thinkingLevel": "HIGH"}),
    ],
)
def test_what_a_model_can_do_passes(model: str, config: dict[str, Any]) -> None:
    asked(model, generationConfig={"thinkingConfig": config}).check()


def test_gemini_3_takes_functions_and_a_schema_at_once() -> None:
    form = {"responseMimeType": "application/json", "responseJsonSchema": {"type": "object"}}
    asked("gemini-3-pro", tools=TOOLS, generationConfig=form).check()


def test_schemas_of_google_become_json_schemas() -> None:
    schema = {"type": "OBJECT", "properties": {"a": {"type": "ARRAY", "items": {"anyOf": [{"type": "STRING"}]}}}}
    assert json_schema(schema) == {
        "type": "object",
        "properties": {"a": {"type": "array", "items": {"anyOf": [{"type": "string"}]}}},
    }
    assert json_schema(None) is None


def test_vertex_takes_more() -> None:
    body = json.dumps({"contents": [{"parts": [{"text": "hi"}]}], "labels": {"team": "a"}}).encode()
    vertex = GeminiEndpoint(GeminiAnswer, VERTEX, vertex=True)
    assert vertex.read(body, Place("gemini-2.5-flash", {}, "")).body["labels"] == {"team": "a"}
    with pytest.raises(ApiError, match='Unknown name "labels"'):
        asked(labels={"team": "a"})


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(ApiError):
        GeminiEndpoint(GeminiAnswer, GOOGLE).read(b"{", Place("m", {}, ""))


def test_the_reply_does_not_follow_from_how_it_is_delivered() -> None:
    assert asked().basis() == asked(generationConfig={"maxOutputTokens": 5, "responseLogprobs": True}).basis()
    assert asked().basis() != asked(generationConfig={"seed": 5}).basis()
