"""What a request must hold, as data: a pattern names what counts, whatever else is there.

An object fits where each named field does; a list fits element by element; anything else must be equal.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Predicate = Callable[[Any], bool]


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()
"""Of a field: it is not there, or null."""


class Either:
    """One of several patterns."""

    def __init__(self, *patterns: Any) -> None:
        self.patterns = patterns

    def __repr__(self) -> str:
        return " or ".join(map(repr, self.patterns))


class Has:
    """A list with these among its elements, in this order."""

    def __init__(self, *patterns: Any) -> None:
        self.patterns = patterns

    def __repr__(self) -> str:
        return f"a list with {self.patterns!r}"


class Said:
    """A text: plain, or in text parts that make it up. Every vendor's text parts hold it in `text`."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"the text {self.text!r}"

    def fits(self, value: Any) -> bool:
        if isinstance(value, list):
            return "".join(part.get("text", "\0") for part in value) == self.text
        return bool(value == self.text)


class InJson:
    """A text that is JSON of this value, however it is spaced and escaped."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"JSON of {self.value!r}"

    def fits(self, value: Any) -> bool:
        try:
            return bool(json.loads(value) == self.value)
        except (TypeError, ValueError):
            return False


def is_seal(value: Any) -> bool:
    """A signature as its maker made it: never one that the gateway wrapped for another dialect's caller."""
    return isinstance(value, str) and bool(value) and not re.match(r"gw\d", value)


def misfit(pattern: Any, value: Any, at: str = "$") -> str:
    """Where the first thing is that does not fit, and how; empty where all fits."""
    if pattern is ABSENT:
        return "" if value is None else f"{at}: {_short(value)} should not be there"
    if isinstance(pattern, Either):
        misfits = [misfit(each, value, at) for each in pattern.patterns]
        return "" if "" in misfits else "; nor ".join(misfits)
    if isinstance(pattern, Has):
        return _has(pattern, value, at)
    if isinstance(pattern, Said | InJson):
        return "" if pattern.fits(value) else f"{at}: {_short(value)} is not {pattern!r}"
    if callable(pattern):
        return "" if pattern(value) else f"{at}: {_short(value)} is not what {pattern.__name__} tells"
    if isinstance(pattern, Mapping):
        if not isinstance(value, Mapping):
            return f"{at}: {_short(value)} is no object with {sorted(pattern)}"
        return next(
            (found for name, each in pattern.items() if (found := misfit(each, value.get(name), f"{at}.{name}"))), ""
        )
    if isinstance(pattern, list):
        if not isinstance(value, list) or len(value) != len(pattern):
            return f"{at}: {_short(value)} are not {len(pattern)} elements"
        pairs = enumerate(zip(pattern, value, strict=True))
        return next((found for n, (each, said) in pairs if (found := misfit(each, said, f"{at}[{n}]"))), "")
    return "" if pattern == value and type(pattern) is type(value) else f"{at}: {_short(value)} is not {pattern!r}"


def _has(pattern: Has, value: Any, at: str) -> str:
    if not isinstance(value, list):
        return f"{at}: {_short(value)} is no list"
    rest = iter(value)
    for each in pattern.patterns:
        if not any(not misfit(each, said) for said in rest):
            return f"{at}: nothing in {_short(value)} fits {each!r}, in this order"
    return ""


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 800 else f"{text[:800]}…"
