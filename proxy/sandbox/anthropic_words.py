"""What does not fit, in the words of Anthropic's API: those of pydantic, with the tags of the unions on the way.

`messages.0.content.1.text.x: Extra inputs are not permitted`
"""

import re
from typing import Any

import msgspec

from proxy.sandbox.api_error import Misfit

_TYPES = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "array": "list",
    "object": "dictionary",
}
_BOUNDS = {
    ">=": "greater than or equal to",
    "<=": "less than or equal to",
    ">": "greater than",
    "<": "less than",
}

_WRONG_TYPE = re.compile(r"Expected `(\w+)[^`]*`, got")
_OUT_OF_BOUNDS = re.compile(r"Expected `(?:int|float)` (>=|<=|>|<) (\S+)")
_TOO_LONG = re.compile(r"Expected `str` of length <= (\d+)")
_NO_MATCH = re.compile(r"Expected `str` matching regex '(.*)'")
_NO_SUCH = re.compile(r"Invalid (?:enum )?value '(.*)'")


def complaint(found: Misfit, body: bytes) -> str:
    """The place and the words; `body` is the JSON that did not fit."""
    place = list(found.place)
    tag = _NO_SUCH.match(found.complaint)
    if tag and place and place[-1] == "type":
        words = f"Input tag '{tag[1]}' found using 'type' does not match any of the expected tags"
        return f"{_named(place[:-1], body)}: {words}"
    return f"{_named(place, body)}: {_words(found)}"


def _words(found: Misfit) -> str:
    if found.kind == "missing":
        return "Field required"
    if found.kind == "unknown":
        return "Extra inputs are not permitted"
    if bounds := _OUT_OF_BOUNDS.match(found.complaint):
        return f"Input should be {_BOUNDS[bounds[1]]} {bounds[2].removesuffix('.0')}"
    if length := _TOO_LONG.match(found.complaint):
        return f"String should have at most {length[1]} characters"
    if pattern := _NO_MATCH.match(found.complaint):
        return f"String should match pattern '{pattern[1]}'"
    if wrong := _WRONG_TYPE.match(found.complaint):
        return f"Input should be a valid {_TYPES.get(wrong[1], wrong[1])}"
    return found.complaint.replace("`", "'")


def _named(place: list[str | int], body: bytes) -> str:
    """The place with the type of each object that has one."""
    here: Any = msgspec.json.decode(body)
    steps: list[str] = []
    for number, step in enumerate(place):
        steps.append(str(step))
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            steps += [str(rest) for rest in place[number + 1 :]]
            break
        tag = here.get("type") if isinstance(here, dict) else None
        if isinstance(tag, str) and number < len(place) - 1:
            steps.append(tag)
    return ".".join(steps) or "body"
