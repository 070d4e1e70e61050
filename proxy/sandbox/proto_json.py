"""Requests as Google reads them: JSON of protocol buffers.

Names come in camelCase or snake_case, whole numbers also in quotes, bytes in base64 of either alphabet, one thing in
place of a list of one; null is nothing. Whatever else is there is refused, all at once, in the transcoder's words.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from proxy.sandbox.api_error import ApiError

Kind = str | tuple[str, ...] | list["Kind"]
"""A scalar's or a message's name, the values of an enum, or a list of one of those."""

Messages = Mapping[str, Mapping[str, Kind]]
"""Fields by their camelCase names, of each message."""

_PACKAGE = "type.googleapis.com/google.ai.generativelanguage.v1beta."


def read(value: object, message: str, messages: Messages) -> dict[str, Any]:
    """With camelCase names, upper-case enums, whole numbers as such. Raises ApiError with every violation."""
    reader = _Reader(messages)
    found = reader.message(value, message, "")
    if reader.violations:
        described = [
            {"field": at, "description": text} if at else {"description": text} for at, text in reader.violations
        ]
        details = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": described}]
        raise ApiError(400, "\n".join(text for _, text in reader.violations), details=details)
    return found if isinstance(found, dict) else {}


def decoded(data: str) -> bytes:
    """Bytes of base64, standard or URL-safe, padded or not. Raises binascii.Error."""
    text = data.rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


class _Reader:
    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self.violations: list[tuple[str, str]] = []

    def message(self, value: object, name: str, at: str) -> object:
        if not isinstance(value, dict):
            return self._wrong(at, f"{_PACKAGE}{name}", value)
        fields = self._messages[name]
        found: dict[str, Any] = {}
        for given, inner in value.items():
            camel = re.sub(r"_([a-z0-9])", lambda letter: letter[1].upper(), given)
            if camel not in fields:
                where = f" at '{at}'" if at else ""
                self._refuse(at, f'Invalid JSON payload received. Unknown name "{given}"{where}: Cannot find field.')
            elif inner is not None:
                snake = re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", camel)
                found[camel] = self.field(inner, fields[camel], f"{at}.{snake}" if at else snake, given, at)
        return found

    def field(self, value: object, kind: Kind, at: str, name: str, parent: str) -> object:
        if isinstance(kind, list):
            each = value if isinstance(value, list) else [value]
            return [self.single(inner, kind[0], f"{at}[{index}]") for index, inner in enumerate(each)]
        if isinstance(value, list) and kind != "value":
            where = f" at '{parent}'" if parent else ""
            text = f'Invalid JSON payload received. Unknown name "{name}"{where}: '
            self._refuse(parent, f"{text}Proto field is not repeating, cannot start list.")
            return None
        return self.single(value, kind, at)

    def single(self, value: object, kind: Kind, at: str) -> object:
        if isinstance(kind, tuple):
            return self._enum(value, kind, at)
        assert isinstance(kind, str)
        if kind in self._messages:
            return self.message(value, kind, at)
        if kind.startswith("map "):
            return self._map(value, kind[4:], at)
        match kind, value:
            case ("value", _) | ("string", str()) | ("bool", bool()) | ("struct", dict()):
                return value
            case "bytes", str():
                return self._bytes(value, at)
            case "float", int() | float() if not isinstance(value, bool):
                return value
            case "int32" | "int64", int() if not isinstance(value, bool):
                return value
            case "int32" | "int64", float() if value.is_integer():
                return int(value)
            case "int32" | "int64", str() if re.fullmatch(r"-?\d+", value):
                return int(value)
        return self._wrong(at, f"TYPE_{kind.upper()}", value)

    def _enum(self, value: object, values: tuple[str, ...], at: str) -> object:
        if isinstance(value, str) and value.upper() in values:
            return value.upper()
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(values):
            return values[value]
        return self._wrong(at, f"{_PACKAGE}Enum", value)

    def _map(self, value: object, inner: str, at: str) -> object:
        if not isinstance(value, dict):
            return self._wrong(at, "TYPE_MAP", value)
        return {
            name: self.field(each, inner, f"{at}[{index}].value", "value", at)
            for index, (name, each) in enumerate(value.items())
        }

    def _bytes(self, value: str, at: str) -> object:
        try:
            decoded(value)
        except binascii.Error:
            self._refuse(at, f"Invalid value at '{at}' (TYPE_BYTES), Base64 decoding failed for \"{value[:80]}\"")
        return value

    def _wrong(self, at: str, kind: str, value: object) -> object:
        shown = f'"{value}"' if isinstance(value, str) else str(value)
        self._refuse(at, f"Invalid value at '{at}' ({kind}), {shown[:80]}")
        return None

    def _refuse(self, at: str, text: str) -> None:
        self.violations.append((at, text))
