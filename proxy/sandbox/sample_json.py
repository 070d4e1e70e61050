"""A JSON value that fits a JSON schema, and follows from the dice: tool arguments and structured replies.

Every property of an object is filled in, required or not. Of alternatives the first is taken. What has no meaning
here (patterns, formats, conditions) is left alone.
"""

from typing import Any

from proxy.sandbox.prose import Dice

_WORDS = ("amber", "harbour", "ledger", "meadow", "orchard", "river", "signal", "window")
_DEPTH = 8


def sample(schema: object, dice: Dice, root: dict[str, Any] | None = None, depth: int = 0) -> Any:
    """A value for `schema`; null where it says nothing, or is nested deeper than eight."""
    if not isinstance(schema, dict) or depth > _DEPTH:
        return None
    root = schema if root is None else root
    if isinstance(reference := schema.get("$ref"), str):
        return sample(_resolve(reference, root), dice, root, depth + 1)
    if "const" in schema:
        return schema["const"]
    if isinstance(choices := schema.get("enum"), list) and choices:
        return choices[dice.number(len(choices))]
    for word in ("anyOf", "oneOf", "allOf"):
        if isinstance(alternatives := schema.get(word), list) and alternatives:
            return sample(alternatives[0], dice, root, depth + 1)
    return _of_type(schema, dice, root, depth)


def _of_type(schema: dict[str, Any], dice: Dice, root: dict[str, Any], depth: int) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else None)
    match kind[0] if isinstance(kind, list) and kind else kind:
        case "object":
            properties = schema.get("properties")
            fields = properties.items() if isinstance(properties, dict) else ()
            return {name: sample(inner, dice, root, depth + 1) for name, inner in fields}
        case "array":
            least = schema.get("minItems")
            count = min(max(1, least), 100) if isinstance(least, int) else 1
            return [sample(schema.get("items"), dice, root, depth + 1) for _ in range(count)]
        case "string":
            return _WORDS[dice.number(len(_WORDS))]
        case "integer":
            return _between(schema, dice)
        case "number":
            return _between(schema, dice) + 0.5
        case "boolean":
            return dice.number(2) == 1
    return None


def _between(schema: dict[str, Any], dice: Dice) -> int:
    low, high = schema.get("minimum", 0), schema.get("maximum", 100)
    if not isinstance(low, int) or not isinstance(high, int) or high <= low:
        return 0
    return low + dice.number(high - low)


def _resolve(reference: str, root: dict[str, Any]) -> object:
    found: Any = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        if step:
            found = found.get(step) if isinstance(found, dict) else None
    return found
