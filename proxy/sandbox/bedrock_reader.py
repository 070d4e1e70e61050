"""Requests as AWS reads them: types first, one complaint; then every constraint that is broken, all of them at once.

null is nothing. A member that nobody knows is refused, though AWS lets some pass: what is not sent there cannot be
missed there.
"""

import base64
import binascii
import re
from typing import Any

from proxy.sandbox.api_error import ApiError
from proxy.sandbox.bedrock_shapes import (
    STRUCTURES,
    Blob,
    Choice,
    Document,
    Flag,
    Items,
    Kind,
    Named,
    Number,
    Structure,
    Text,
)

_REFORMAT = "is not permitted, please reformat your input and try again."


def read(body: object, structure: str) -> dict[str, Any]:
    """Without what is null. Raises ApiError."""
    reader = _Reader()
    found = reader.structure(body, structure, "", "")
    if reader.broken:
        count = len(reader.broken)
        detected = f"{count} validation error{'s' if count > 1 else ''} detected: "
        raise ApiError(400, detected + "; ".join(reader.broken))
    return found


class _Reader:
    """Places come twice: `messages.0.content` in sentences of Bedrock, `messages.1.member.content` in those of its
    framework."""

    def __init__(self) -> None:
        self.broken: list[str] = []

    def structure(self, value: object, name: str, at: str, member: str) -> dict[str, Any]:
        shape = STRUCTURES[name]
        if not isinstance(value, dict):
            raise _wrong_type(value, "Structure")
        given = {key: inner for key, inner in value.items() if inner is not None}
        for key in given:
            if key not in shape.members:
                raise ApiError(
                    400, f"Malformed input request: #/{at.replace('.', '/')}: extraneous key [{key}] {_REFORMAT}"
                )
        self._count(shape, name, given, at)
        for key in shape.required:
            if key not in given:
                self._break("null", _join(member, key), "Member must not be null")
        return {
            key: self._value(inner, shape.members[key], _join(at, key), _join(member, key))
            for key, inner in given.items()
        }

    def _count(self, shape: Structure, name: str, given: dict[str, Any], at: str) -> None:
        if shape.union and len(given) != 1:
            keys = ", ".join(shape.members)
            how = "one" if not given else "only one"
            raise ApiError(400, f"{name} object at {at} must set {how} of the following keys: {keys}.")

    def _value(self, value: object, kind: Kind, at: str, member: str) -> Any:
        if isinstance(kind, str):
            return self.structure(value, kind, at, member)
        if isinstance(kind, Items):
            return self._items(value, kind, at, member)
        if isinstance(kind, Named):
            return self._named(value, kind, at, member)
        if isinstance(kind, Document):
            if kind.object and not isinstance(value, dict):
                text = f"The format of the value at {at} is invalid. Provide a json object for the field and try again."
                raise ApiError(400, text)
            return value
        return self._scalar(value, kind, member)

    def _items(self, value: object, kind: Items, at: str, member: str) -> list[Any]:
        if not isinstance(value, list):
            raise _wrong_type(value, "List")
        self._length(len(value), kind.least, kind.most, member, value)
        return [
            self._value(each, kind.of, f"{at}.{index}", f"{member}.{index + 1}.member")
            for index, each in enumerate(value)
        ]

    def _named(self, value: object, kind: Named, at: str, member: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _wrong_type(value, "Map")
        self._length(len(value), kind.least, kind.most, member, value)
        return {key: self._value(inner, kind.of, f"{at}.{key}", f"{member}.{key}") for key, inner in value.items()}

    def _scalar(self, value: object, kind: Text | Choice | Number | Flag | Blob, member: str) -> object:
        if isinstance(kind, Number):
            return self._number(value, kind, member)
        if isinstance(kind, Flag):
            if not isinstance(value, bool):
                raise _wrong_type(value, "Boolean")
            return value
        if not isinstance(value, str):
            raise _wrong_type(value, "String")
        if isinstance(kind, Blob):
            self._length(_bytes_of(value), kind.least, None, member, value)
        elif isinstance(kind, Choice):
            if value not in kind.values:
                self._break(value, member, f"Member must satisfy enum value set: [{', '.join(kind.values)}]")
        else:
            self._length(len(value), kind.least, kind.most, member, value)
            if kind.pattern and not re.fullmatch(kind.pattern, value):
                self._break(value, member, f"Member must satisfy regular expression pattern: {kind.pattern}")
        return value

    def _number(self, value: object, kind: Number, member: str) -> object:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong_type(value, "Integer" if kind.whole else "Float")
        if kind.whole and isinstance(value, float):
            raise _wrong_type(value, "Integer")
        if kind.least is not None and value < kind.least:
            self._break(value, member, f"Member must have value greater than or equal to {kind.least}")
        if kind.most is not None and value > kind.most:
            self._break(value, member, f"Member must have value less than or equal to {kind.most}")
        return value

    def _length(self, length: int, least: int, most: int | None, member: str, value: object) -> None:
        if length < least:
            self._break(value, member, f"Member must have length greater than or equal to {least}")
        if most is not None and length > most:
            self._break(value, member, f"Member must have length less than or equal to {most}")

    def _break(self, value: object, member: str, constraint: str) -> None:
        shown = value if value == "null" else f"'{value}'"
        self.broken.append(f"Value {shown} at '{member}' failed to satisfy constraint: {constraint}")


def _bytes_of(text: str) -> int:
    try:
        return len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        raise ApiError(400, "Illegal base64 character", type="SerializationException") from None


def _wrong_type(value: object, wanted: str) -> ApiError:
    if isinstance(value, dict | list):
        kind = "list" if isinstance(value, list) else "structure or map"
        text = f"Start of {kind} found where not expected."
    elif isinstance(value, bool):
        text = f"{str(value).upper()}_VALUE can not be converted to {_AN.get(wanted, 'a')} {wanted}"
    else:
        found = (
            "STRING_VALUE"
            if isinstance(value, str)
            else "DECIMAL_VALUE"
            if isinstance(value, float)
            else "NUMBER_VALUE"
        )
        text = f"{found} can not be converted to {_AN.get(wanted, 'a')} {wanted}"
    return ApiError(400, text, type="SerializationException")


_AN = {"Integer": "an"}


def _join(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key
