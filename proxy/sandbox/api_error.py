"""An error reply before a vendor gives it its shape, and what is known of a body that does not fit."""

import re
from typing import Any, NamedTuple

import msgspec


class ApiError(Exception):
    """The request ends with this error reply, in the shape of the vendor that was asked."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str | None = None,
        param: str | None = None,
        code: str | int | None = None,
        details: Any = None,
        headers: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.type = type
        """In the vendor's own words; None: what is usual for the status."""
        self.param = param
        self.code = code
        """These two for vendors who say them."""
        self.details = details
        """Google's list of details, Anthropic's object."""
        self.headers = headers
        """Header lines beyond the usual ones, each with its CRLF."""


class Misfit(NamedTuple):
    """What msgspec found wrong with a body."""

    kind: str
    """`missing`, `unknown`, `type` or `value`."""
    place: tuple[str | int, ...]
    """The way to it: names and indexes; it ends with the field that is missing or unknown."""
    complaint: str

    @property
    def dotted(self) -> str:
        """`messages[0].content`."""
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.place)
        return path.removeprefix(".")


_AT = re.compile(r"(.*) - at `\$(.*)`", re.DOTALL)
_STEP = re.compile(r"\[(\d+)\]|\[\.\.\.\]|\.([^.\[]+)")
_MISSING = re.compile(r"Object missing required field `(.+)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)


def misfit(error: msgspec.ValidationError) -> Misfit:
    """The parts of msgspec's message."""
    found = _AT.fullmatch(str(error))
    complaint, path = (found[1], found[2]) if found else (str(error), "")
    place: tuple[str | int, ...] = tuple(int(at) if at else name or "*" for at, name in _STEP.findall(path))
    if missing := _MISSING.match(complaint):
        return Misfit("missing", (*place, missing[1]), complaint)
    if unknown := _UNKNOWN.match(complaint):
        return Misfit("unknown", (*place, unknown[1]), complaint)
    return Misfit("type" if ", got " in complaint else "value", place, complaint)
