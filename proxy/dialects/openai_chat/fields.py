"""Typed looks into a caller's JSON: what is there has its documented type, or the call ends with a 400 that names it.

Absent and null are the same: the caller did not say. A path is written as OpenAI does: `messages[2].content`.
"""

from typing import Any

from proxy.refusal import Refusal, bad_request

_NAMES = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


def bad_type(path: str, expected: str, value: object) -> Refusal:
    got = _NAMES.get(type(value), "something else")
    return bad_request("invalid_type", f"Invalid type for '{path}': expected {expected}, but got {got}.", param=path)


def bad_value(path: str, why: str) -> Refusal:
    return bad_request("invalid_value", f"Invalid value for '{path}': {why}.", param=path)


def missing(path: str) -> Refusal:
    return bad_request("missing_required_parameter", f"Missing required parameter: '{path}'.", param=path)


def below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def text(owner: dict[str, Any], key: str, path: str = "") -> str | None:
    value = owner.get(key)
    if value is None or isinstance(value, str):
        return value
    raise bad_type(below(path, key), "a string", value)


def required_text(owner: dict[str, Any], key: str, path: str = "") -> str:
    value = text(owner, key, path)
    if value is None:
        raise missing(below(path, key))
    return value


def boolean(owner: dict[str, Any], key: str, path: str = "") -> bool | None:
    value = owner.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise bad_type(below(path, key), "a boolean", value)


def integer(owner: dict[str, Any], key: str, path: str = "", *, least: int | None = None) -> int | None:
    value = owner.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise bad_type(below(path, key), "an integer", value)
    if least is not None and value < least:
        raise bad_value(below(path, key), f"expected {least} or more, but got {value}")
    return value


def number(owner: dict[str, Any], key: str, path: str = "") -> float | None:
    value = owner.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bad_type(below(path, key), "a number", value)
    return value


def array(owner: dict[str, Any], key: str, path: str = "") -> list[Any] | None:
    value = owner.get(key)
    if value is None or isinstance(value, list):
        return value
    raise bad_type(below(path, key), "an array", value)


def mapping(owner: dict[str, Any], key: str, path: str = "") -> dict[str, Any] | None:
    value = owner.get(key)
    if value is None or isinstance(value, dict):
        return value
    raise bad_type(below(path, key), "an object", value)


def required_mapping(owner: dict[str, Any], key: str, path: str = "") -> dict[str, Any]:
    value = mapping(owner, key, path)
    if value is None:
        raise missing(below(path, key))
    return value


def as_mapping(value: object, path: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise bad_type(path, "an object", value)


def one_of(value: str | None, allowed: tuple[str, ...], path: str) -> str | None:
    """The value, or None where it is None. Raises Refusal for any other word."""
    if value is None or value in allowed:
        return value
    raise bad_value(path, f"supported values are {', '.join(repr(each) for each in allowed)}")
