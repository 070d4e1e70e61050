"""pydantic's errors → problems that name the key path, what was found and what is allowed."""

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gatewatch.config.problems import KeyPath, Problem, found_text, nearest

_ALLOWED = {
    "missing": "this key is required",
    "string_type": "a text",
    "string_too_short": "a text that is not empty",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "too_short": "at least one item",
    "string_pattern_mismatch": "lower-case letters, digits and -",
}


def problems_of(error: ValidationError, root: type[BaseModel]) -> list[Problem]:
    """One problem for each key; where a value may be of several kinds, what any of them allows."""
    found: dict[KeyPath, Problem] = {}
    for detail in error.errors(include_url=False):
        path = _key_path(detail["loc"], root)
        problem = _problem(path, detail, root)
        if path in found and found[path].allowed != problem.allowed:
            problem = Problem(path, problem.found, f"{found[path].allowed}, or {problem.allowed}")
        found[path] = problem
    return [problem for path, problem in found.items() if not _follows(path, found)]


def _follows(path: KeyPath, found: dict[KeyPath, Problem]) -> bool:
    """A list is too short only because its items were refused, which is said of them."""
    length = len(path)
    return found[path].allowed == _ALLOWED["too_short"] and any(
        len(other) > length and other[:length] == path for other in found
    )


def _problem(path: KeyPath, detail: ErrorDetails, root: type[BaseModel]) -> Problem:
    kind = detail["type"]
    if kind == "extra_forbidden":
        return Problem(path, "an unknown key", nearest(str(path[-1]), _keys_at(path[:-1], root)))
    context = detail.get("ctx", {})
    if kind == "literal_error":
        names = _literals(path, root)
        near = nearest(str(detail["input"]), names)
        hint = f" ({near})" if near.startswith("did") and len(names) > 3 else ""
        return Problem(path, found_text(path, detail["input"]), ", ".join(names) + hint)
    if kind == "value_error":
        allowed = str(context["error"])
    else:
        allowed = _ALLOWED.get(kind) or detail["msg"].removeprefix("Input should be ")
    found = "nothing" if kind == "missing" else found_text(path, detail["input"])
    return Problem(path, found, allowed)


def _key_path(location: tuple[str | int, ...], root: type[BaseModel]) -> KeyPath:
    """pydantic's location without what names a kind in a union, and without its mark of a key of a mapping."""
    path: KeyPath = ()
    at: Any = root
    for part in location:
        below = inside(at, part)
        if below is None:
            if isinstance(part, str) and part != "[key]" and any(_is_section(kind) for kind in kinds(at)):
                return (*path, part)  # an unknown key
            continue
        path, at = (*path, part), below
    return path


def _keys_at(path: KeyPath, root: type[BaseModel]) -> list[str]:
    at = _annotation(path, root)
    return [name for section in kinds(at) if _is_section(section) for name in section.model_fields]


def _literals(path: KeyPath, root: type[BaseModel]) -> list[str]:
    at = _annotation(path, root)
    return [str(name) for kind in kinds(at) if get_origin(kind) is Literal for name in get_args(kind)]


def _annotation(path: KeyPath, root: type[BaseModel]) -> Any:
    at: Any = root
    for part in path:
        at = inside(at, part)
    return at


def inside(at: Any, part: str | int) -> Any:
    """The type of what stands under `part` in a value of type `at`; None where nothing does."""
    for kind in kinds(at):
        if _is_section(kind) and part in kind.model_fields:
            return kind.model_fields[str(part)].annotation
        if get_origin(kind) is dict and isinstance(part, str) and part != "[key]":
            return get_args(kind)[1]
        if get_origin(kind) is tuple and isinstance(part, int):
            return get_args(kind)[0]
    return None


def kinds(at: Any) -> list[Any]:
    """The alternatives of a type, without Annotated and None."""
    if get_origin(at) is Annotated:
        return kinds(get_args(at)[0])
    if get_origin(at) in (Union, UnionType):
        return [kind for part in get_args(at) for kind in kinds(part)]
    return [] if at is NoneType else [at]


def _is_section(at: Any) -> bool:
    return isinstance(at, type) and issubclass(at, BaseModel)
