"""Fields of a request, of the type that the API documents: anything else is a 400 that names the field."""

from typing import Any

from proxy.refusal import Refusal


def invalid(param: str, wanted: str) -> Refusal:
    return Refusal(400, "invalid_value", f"{param}: Input should be {wanted}", param=param)


def text(body: dict[str, Any], name: str, at: str | None = None) -> str | None:
    value = body.get(name)
    if value is None or isinstance(value, str):
        return value
    raise invalid(at or name, "a string")


def integer(body: dict[str, Any], name: str, at: str | None = None) -> int | None:
    value = body.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise invalid(at or name, "a whole number")


def number(body: dict[str, Any], name: str) -> float | None:
    value = body.get(name)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise invalid(name, "a number")


def boolean(body: dict[str, Any], name: str, at: str | None = None) -> bool | None:
    value = body.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise invalid(at or name, "true or false")


def texts(body: dict[str, Any], name: str) -> list[str]:
    value = body.get(name)
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value
    raise invalid(name, "a list of strings")


def objects(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = body.get(name)
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(each, dict) for each in value):
        return value
    raise invalid(name, "a list of objects")
