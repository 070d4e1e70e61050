"""Does a JSON value fit a type of an official SDK, to the letter? The SDKs themselves let nearly anything pass.

Knows pydantic models, TypedDicts and what they are made of. A field that the type does not name is a misfit, and so
is a number in quotes. Of a union the alternatives whose literals (`type`, `role`, …) agree with the value are judged.
"""

import base64
import binascii
import types
from collections.abc import Collection, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Literal, NotRequired, Required, TypeVar, Union, get_args, get_origin

import typing_extensions
from pydantic import BaseModel

_UNIONS = (Union, types.UnionType)
_WRAPPERS = (
    Annotated,
    Required,
    NotRequired,
    typing_extensions.ReadOnly,
)
_ANYTHING = (Any, object)


def assert_fits(value: object, kind: Any) -> None:
    """Fails with every misfit and where it is."""
    found = misfits(value, kind)
    assert not found, "\n".join(found)


def misfits(value: object, kind: Any, at: str = "$") -> list[str]:
    """What does not fit, each with its place; nothing where all does."""
    origin, parts = get_origin(kind), get_args(kind)
    if kind in _ANYTHING or isinstance(kind, TypeVar):
        return []
    if origin in _WRAPPERS:
        return misfits(value, parts[0], at)
    if origin in _UNIONS:
        return _of_union(value, parts, at)
    if origin is Literal:
        fits = any(value == each and type(value) is type(each) for each in parts)
        return [] if fits else [f"{at}: {value!r} is none of {parts}"]
    if typing_extensions.is_typeddict(kind):
        return _of_object(value, kind, at)
    if isinstance(origin, type):
        return _of_collection(value, origin, parts, at)
    if isinstance(kind, type):
        return _of_class(value, kind, at)
    return [f"{at}: this walk does not know {kind!r}"]


def _of_union(value: object, kinds: Collection[Any], at: str) -> list[str]:
    tried = [(kind, misfits(value, kind, at)) for kind in kinds]
    if not all(found for _, found in tried):
        return []
    agreeing = [found for kind, found in tried if _literals_agree(value, kind)]
    return min(agreeing, key=len) if agreeing else [f"{at}: {_short(value)} fits none of {len(kinds)} alternatives"]


def _literals_agree(value: object, kind: Any) -> bool:
    """Whether the kind is the one that the value says it is."""
    while get_origin(kind) in _WRAPPERS:
        kind = get_args(kind)[0]
    if not isinstance(value, dict):
        return not _fields(kind)
    literals = {name: get_args(inner) for name, (inner, _) in _fields(kind).items() if get_origin(inner) is Literal}
    return bool(literals) and all(value.get(name, options[0]) in options for name, options in literals.items())


def _fields(kind: Any) -> dict[str, tuple[Any, bool]]:
    """The fields of an object: by their names on the wire, their types and whether they are required."""
    if typing_extensions.is_typeddict(kind):
        hints = typing_extensions.get_type_hints(kind, include_extras=True)
        return {name: (_bare(hint), name in kind.__required_keys__) for name, hint in hints.items()}
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {
            field.serialization_alias or field.alias or name: (field.annotation, field.is_required())
            for name, field in kind.model_fields.items()
        }
    return {}


def _bare(hint: Any) -> Any:
    while get_origin(hint) in _WRAPPERS:
        hint = get_args(hint)[0]
    return hint


def _of_object(value: object, kind: Any, at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at}: {_short(value)} is no {kind.__name__}"]
    fields = _fields(kind)
    found = [f"{at}.{name}: {kind.__name__} has no such field" for name in value if name not in fields]
    for name, (inner, required) in fields.items():
        if name in value:
            found += misfits(value[name], inner, f"{at}.{name}")
        elif required:
            found.append(f"{at}.{name}: {kind.__name__} requires it")
    return found


def _of_collection(value: object, origin: type, parts: tuple[Any, ...], at: str) -> list[str]:
    if issubclass(origin, BaseModel):
        return _of_object(value, origin, at)
    if issubclass(origin, Mapping):
        if not isinstance(value, dict):
            return [f"{at}: {_short(value)} is no object"]
        return [each for name, inner in value.items() for each in misfits(inner, parts[1], f"{at}.{name}")]
    if not isinstance(value, list):
        return [f"{at}: {_short(value)} is no list"]
    return [each for index, inner in enumerate(value) for each in misfits(inner, parts[0], f"{at}[{index}]")]


def _of_class(value: object, kind: type, at: str) -> list[str]:
    if issubclass(kind, BaseModel):
        return _of_object(value, kind, at)
    if issubclass(kind, Enum):
        fits = value in [each.value for each in kind]
    elif kind is float:
        fits = type(value) in (int, float)
    elif kind is bytes:
        fits = isinstance(value, str) and _is_base64(value)
    elif issubclass(kind, date):
        fits = isinstance(value, str) and _is_time(value)
    else:
        fits = type(value) is kind
    return [] if fits else [f"{at}: {_short(value)} is no {kind.__name__}"]


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
