"""Which JSON schemas Anthropic compiles for structured outputs and strict tools.

platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
"""

from typing import Any

from proxy.sandbox.api_error import ApiError

_UNSUPPORTED = {
    "integer": ("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"),
    "number": ("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"),
    "string": ("maxLength", "minLength"),
    "array": ("maxItems", "uniqueItems"),
}
_INSIDE_BY_NAME = ("properties", "$defs", "definitions")
_INSIDE_IN_LISTS = ("anyOf", "allOf", "oneOf", "prefixItems")


def check_schema(schema: object, place: str) -> None:
    """Raises ApiError for a schema that a grammar cannot be made of; `place` is the field it came in."""
    if not isinstance(schema, dict):
        return
    kind = schema.get("type")
    if kind == "object" and schema.get("additionalProperties") is not False:
        raise ApiError(400, f"{place}: For 'object' type, 'additionalProperties' must be explicitly set to false")
    if isinstance(kind, str) and (found := [name for name in _UNSUPPORTED.get(kind, ()) if name in schema]):
        raise ApiError(400, f"{place}: For '{kind}' type, properties {', '.join(found)} are not supported")
    if kind == "array" and schema.get("minItems", 0) not in (0, 1):
        raise ApiError(400, f"{place}: For 'array' type, 'minItems' values other than 0 or 1 are not supported")
    if "oneOf" in schema:
        raise ApiError(400, f"{place}: Schema type 'oneOf' is not supported")
    for inner in _inside(schema):
        check_schema(inner, place)


def _inside(schema: dict[str, Any]) -> list[object]:
    found: list[object] = [schema["items"]] if "items" in schema else []
    for name in _INSIDE_BY_NAME:
        if isinstance(inner := schema.get(name), dict):
            found += inner.values()
    for name in _INSIDE_IN_LISTS:
        if isinstance(inner := schema.get(name), list):
            found += inner
    return found
