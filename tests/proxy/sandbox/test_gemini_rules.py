"""Rules of ai.google.dev/gemini-api/docs/function-calling and /thought-signatures; texts as the API gives them."""

import base64
from typing import Any

import pytest

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.gemini_rules import check_contents, check_tools
from proxy.sandbox.seals import seal

SIGNATURE = base64.b64encode(seal("thought", b"key")).decode()
USER: dict[str, Any] = {"role": "user", "parts": [{"text": "hi"}]}
MODEL: dict[str, Any] = {"role": "model", "parts": [{"text": "Hello."}]}


def calls(*names: str, signature: str | None = SIGNATURE) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [{"functionCall": {"name": name, "args": {}}} for name in names]
    if signature is not None:
        parts[0]["thoughtSignature"] = signature
    return {"role": "model", "parts": parts}


def responses(*names: str) -> dict[str, Any]:
    return {"role": "user", "parts": [{"functionResponse": {"name": name, "response": {}}} for name in names]}


def refusal(*contents: dict[str, Any], model: str = "gemini-2.5-flash") -> str:
    with pytest.raises(ApiError) as caught:
        check_contents(list(contents), model)
    assert caught.value.status == 400
    return caught.value.message


def test_a_conversation_with_parallel_calls_passes() -> None:
    for model in ("gemini-2.5-flash", "gemini-3-pro"):
        check_contents([USER, calls("f", "g"), responses("f", "g"), calls("f"), responses("f"), MODEL, USER], model)
        check_contents([{"parts": [{"text": "hi"}]}], model)


def test_as_many_responses_as_calls() -> None:
    expected = (
        "Please ensure that the number of function response parts is equal to the number of function call parts of the "
        "function call turn."
    )
    for rest in ([responses("f")], [responses("f"), responses("g")], [USER], [responses("f", "g", "h")]):
        assert refusal(USER, calls("f", "g"), *rest) == expected


def test_responses_come_after_calls_and_calls_after_the_user() -> None:
    expected = "Please ensure that function response turn comes immediately after a function call turn."
    assert refusal(responses("f")) == refusal(USER, MODEL, responses("f")) == expected
    expected = (
        "Please ensure that function call turn comes immediately after a user turn or after a function response turn."
    )
    assert refusal(calls("f"), responses("f")) == refusal(USER, MODEL, calls("f"), responses("f")) == expected


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"role": "assistant", "parts": [{"text": "x"}]}, "Please use a valid role: user, model."),
        (
            {"role": "user", "parts": []},
            "* GenerateContentRequest.contents[0].parts: contents.parts must not be empty.\n",
        ),
        (
            {"role": "user", "parts": [{"thought": True}]},
            "* GenerateContentRequest.contents[0].parts[0].data: required oneof field 'data' must have one initialized "
            "field\n",
        ),
        (
            {"role": "user", "parts": [{"text": "x", "inlineData": {}}]},
            "Invalid value at 'contents[0].parts[0]' (oneof), oneof field 'data' is already set. Cannot set "
            "'inlineData'",
        ),
        (
            {"role": "user", "parts": [{"functionResponse": {"response": {}}}]},
            "* GenerateContentRequest.contents[0].parts[0].function_response.name: Name cannot be empty.\n",
        ),
        (
            {"role": "user", "parts": [{"inlineData": {"data": "AAAA"}}]},
            "* GenerateContentRequest.contents[0].parts[0].inline_data.mime_type: mime_type is not specified\n",
        ),
    ],
)
def test_a_content_that_makes_no_sense_is_refused(content: dict[str, Any], text: str) -> None:
    assert refusal(content) == text


def test_there_is_something_to_answer() -> None:
    assert refusal() == "* GenerateContentRequest.contents: contents is not specified\n"


def test_gemini_3_wants_the_signature_of_every_step_of_this_turn() -> None:
    text = refusal(USER, calls("f", signature=None), responses("f"), model="gemini-3-pro")
    assert text.startswith("Function call is missing a thought_signature in functionCall parts.")
    assert "function call `default_api:f` , position 2." in text
    second = refusal(USER, calls("f"), responses("f"), calls("g", signature=None), responses("g"), model="gemini-3-pro")
    assert "`default_api:g` , position 4" in second
    only_second_signed = calls("f", "g", signature=None)
    only_second_signed["parts"][1]["thoughtSignature"] = SIGNATURE
    assert "default_api:f" in refusal(USER, only_second_signed, responses("f", "g"), model="gemini-3-pro")


def test_earlier_turns_and_earlier_models_go_without() -> None:
    unsigned = calls("f", signature=None)
    check_contents([USER, unsigned, responses("f"), MODEL, USER], "gemini-3-pro")
    check_contents([USER, unsigned, responses("f")], "gemini-2.5-pro")


@pytest.mark.parametrize("given", ["skip_thought_signature_validator", "context_engineering_is_the_way_to_go"])
def test_the_documented_stand_ins_pass(given: str) -> None:
    for signature in (given, base64.b64encode(given.encode()).decode()):
        check_contents([USER, calls("f", signature=signature), responses("f")], "gemini-3-pro")


@pytest.mark.parametrize("model", ["gemini-2.5-flash", "gemini-3-pro"])
def test_a_signature_of_somebody_else_is_corrupted(model: str) -> None:
    foreign = base64.b64encode(b"EqMDCkYICxgCKkA").decode()
    assert refusal(USER, calls("f", signature=foreign), responses("f"), model=model) == "Corrupted thought signature."


def declared(**function: Any) -> list[dict[str, Any]]:
    return [{"functionDeclarations": [{"name": "f"} | function]}]


def test_functions_pass() -> None:
    schema = {"type": "OBJECT", "properties": {"a": {"type": "ARRAY", "items": {"type": "STRING"}}}, "required": ["a"]}
    check_tools([{"googleSearch": {}}, *declared(parameters=schema)])
    check_tools(declared(parametersJsonSchema={"type": "object", "properties": {}}))


@pytest.mark.parametrize(
    ("function", "text"),
    [
        ({"name": "1st"}, "Invalid function name. Must start with a letter or an underscore."),
        ({"name": "x" * 65}, "with a maximum length of 64."),
        ({"parameters": {"type": "OBJECT", "properties": {}}}, "properties: should be non-empty for OBJECT type"),
        (
            {"parameters": {"type": "OBJECT", "properties": {"a": {"type": "ARRAY"}}}},
            "properties[a].items: missing field.",
        ),
        ({"parameters": {"type": "OBJECT", "required": ["a"]}}, "parameters.required[0]: property is not defined"),
        ({"parameters": {}, "parametersJsonSchema": {}}, "mutually exclusive"),
    ],
)
def test_a_function_that_cannot_be_called_is_refused(function: dict[str, Any], text: str) -> None:
    with pytest.raises(ApiError) as caught:
        check_tools(declared(**function))
    assert text in caught.value.message


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ApiError, match="Duplicate function declaration found: f"):
        check_tools(declared() + declared())
