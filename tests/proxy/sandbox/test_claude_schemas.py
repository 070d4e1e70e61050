"""platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations."""

from typing import Any

import pytest

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.claude_schemas import check_schema


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def test_a_closed_object_is_well() -> None:
    check_schema(closed(a={"type": "integer"}, b={"type": "array", "items": {"type": "string"}, "minItems": 1}), "x")
    check_schema(True, "x")


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "object"}, "For 'object' type, 'additionalProperties' must be explicitly set to false"),
        (
            closed(a={"type": "array", "items": {"type": "object", "properties": {}}}),
            "For 'object' type, 'additionalProperties' must be explicitly set to false",
        ),
        (
            closed(a={"anyOf": [{"type": "object"}, {"type": "null"}]}),
            "For 'object' type, 'additionalProperties' must be explicitly set to false",
        ),
        (
            closed() | {"$defs": {"D": {"type": "object"}}},
            "For 'object' type, 'additionalProperties' must be explicitly set to false",
        ),
        (
            closed(a={"type": "integer", "minimum": 0, "maximum": 9}),
            "For 'integer' type, properties maximum, minimum are not supported",
        ),
        (closed(a={"type": "string", "maxLength": 9}), "For 'string' type, properties maxLength are not supported"),
        (
            closed(a={"type": "array", "minItems": 3}),
            "For 'array' type, 'minItems' values other than 0 or 1 are not supported",
        ),
        (closed(a={"oneOf": []}), "Schema type 'oneOf' is not supported"),
    ],
)
def test_what_no_grammar_can_be_made_of_is_refused_with_its_place(schema: dict[str, Any], words: str) -> None:
    with pytest.raises(ApiError) as caught:
        check_schema(schema, "output_config.format.schema")
    assert str(caught.value) == f"output_config.format.schema: {words}"
