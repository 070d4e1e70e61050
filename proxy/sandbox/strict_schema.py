"""What OpenAI asks of a schema in strict mode: objects closed, every property required.

platform.openai.com/docs/guides/structured-outputs, "Supported schemas"; texts as the API gives them.
"""

from typing import Any

from proxy.sandbox.api_error import ApiError


def check_object(schema: object, what: str, param: str, code: str | None) -> None:
    """The schema of arguments or of a structured reply is that of an object. Raises ApiError."""
    kind = schema.get("type") if isinstance(schema, dict) else None
    if kind != "object":
        text = f"Invalid schema for {what}: schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
        raise ApiError(400, text, param=param, code=code)


def check_strict(schema: object, what: str, param: str, code: str | None) -> None:
    """Closed and complete, all the way down. `what` is like `function 'f'`. Raises ApiError."""
    check_object(schema, what, param, code)
    for context, inner in _objects(schema, ()):
        properties = inner.get("properties", {})
        complaint = None
        if inner.get("additionalProperties") is not False:
            complaint = "'additionalProperties' is required to be supplied and to be false."
        elif absent := [name for name in properties if name not in inner.get("required", ())]:
            complaint = (
                "'required' is required to be supplied and to be an array including every key in properties. "
                f"Missing '{absent[0]}'."
            )
        if complaint:
            text = f"Invalid schema for {what}: In context={context}, {complaint}"
            raise ApiError(400, text, param=param, code=code)


def _objects(schema: object, context: tuple[str, ...]) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
    """The schemas of objects in it, each with the way to it."""
    if not isinstance(schema, dict):
        return []
    found = [(context, schema)] if schema.get("type") == "object" else []
    for group in ("properties", "$defs", "definitions"):
        if isinstance(inner := schema.get(group), dict):
            for name, each in inner.items():
                found += _objects(each, (*context, group, name))
    found += _objects(schema.get("items"), (*context, "items"))
    if isinstance(choices := schema.get("anyOf"), list):
        for index, each in enumerate(choices):
            found += _objects(each, (*context, "anyOf", str(index)))
    return found
