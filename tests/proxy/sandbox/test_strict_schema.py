"""Examples of https://platform.openai.com/docs/guides/structured-outputs ("Supported schemas")."""

from typing import Any

import pytest

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.strict_schema import check_object, check_strict

CLOSED: dict[str, Any] = {"type": "object", "additionalProperties": False}
STEP = CLOSED | {"properties": {"text": {"type": "string"}}, "required": ["text"]}
GOOD = CLOSED | {
    "properties": {
        "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},
        "next": {"anyOf": [STEP, {"type": "null"}]},
    },
    "required": ["steps", "next"],
    "$defs": {"step": STEP},
}


def test_closed_and_complete_objects_pass() -> None:
    check_strict(GOOD, "function 'f'", "tools", None)


@pytest.mark.parametrize(
    ("schema", "complaint"),
    [
        ({"type": "string"}, "got 'type: \"string\"'"),
        ({}, "got 'type: \"None\"'"),
        ({"type": "object", "properties": {}}, "In context=(), 'additionalProperties' is required"),
        (CLOSED | {"properties": {"a": {}}}, "Missing 'a'."),
        (
            CLOSED | {"properties": {"a": {"type": "array", "items": {"type": "object"}}}, "required": ["a"]},
            "In context=('properties', 'a', 'items'), 'additionalProperties'",
        ),
        (GOOD | {"$defs": {"step": {"type": "object"}}}, "In context=('$defs', 'step')"),
        (CLOSED | {"properties": {"a": {"anyOf": [{"type": "object"}]}}, "required": ["a"]}, "'anyOf', '0'"),
    ],
)
def test_what_is_open_or_optional_is_named(schema: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ApiError) as caught:
        check_strict(schema, "function 'f'", "tools", "invalid_function_parameters")
    assert complaint in caught.value.message
    assert caught.value.message.startswith("Invalid schema for function 'f': ")


def test_without_strictness_only_the_object_counts() -> None:
    check_object({"type": "object"}, "function 'f'", "tools", None)
    with pytest.raises(ApiError):
        check_object({"type": "array"}, "function 'f'", "tools", None)
