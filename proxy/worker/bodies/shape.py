"""The shape of a request: what it is made of, without what it says. Kept of every call that was answered with a 400.

Keeps true: nothing of it is a caller's text. Names and words stand in it where they are of the API's own vocabulary
(`words.py`), any other by their length; a number where its name is of a parameter that is one; the model's name where
it holds no secret and no personal data; true, false and null. It has at most `MOST_BYTES`, and making it takes no
longer for a large request than for a small one.

    {"model": "gpt-4o", "messages": {"[0]": {"role": "system", "content": "text(812)"}, "[1..41] x21": {"role": "user",
     "content": "text(3..9120)"}, "[2..40] x20": {"role": "assistant", …}}, "temperature": 3, "key(9)": "text(4)"}
"""

import re
from collections.abc import Hashable
from itertools import islice
from typing import Any

import msgspec

from gatewatch.keys.secret_shapes import looks_like_secret
from gatewatch.redact import redact
from proxy.worker.bodies.words import DATA, ENUMERATIONS, MAPS, NAMES, NUMBERS, WORDS

MOST_BYTES = 4096
_MOST_LOOKED_AT = 1000
"""Values; what lies beyond is counted, not looked at."""
_DEEPEST = 16
_LONGEST_NUMBER = 10**9
"""Longer ones are numbers of something: a card, a phone, an account."""
_MODEL = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,99}")
_MOST_NAMES = 64
"""Of the request's own."""
_TIGHTER = ((_DEEPEST, 12, 60), (7, 8, 40), (5, 6, 30), (3, 4, 30), (3, 3, 20), (2, 2, 20), (1, 2, 10), (0, 0, 0))
"""Levels below the request's own names, kinds of elements in a list and names in an object that are told: the first
that fits."""


def shape_of(body: dict[str, Any]) -> Any:
    """JSON values, at most `MOST_BYTES` of them."""
    tree = _Reading().read(body, 0)
    for levels, kinds, names in _TIGHTER:
        shape = {name: part.told(levels, kinds, names) for name, part in islice(tree.fields.items(), _MOST_NAMES)}
        if left := len(body) - len(shape):
            shape["…"] = f"{left} more names"
        if len(msgspec.json.encode(shape)) <= MOST_BYTES:
            break
    return shape


class _Leaf:
    """Something that is told by its size, as in `text(3..812)`."""

    __slots__ = ("kind", "least", "most")

    def __init__(self, kind: str, size: int) -> None:
        self.kind = kind
        self.least = self.most = size

    def sort(self) -> Hashable:
        return self.kind

    def join(self, other: "_Leaf") -> None:
        self.least, self.most = min(self.least, other.least), max(self.most, other.most)

    def told(self, levels: int, kinds: int, names: int) -> Any:
        del levels, kinds, names
        return f"{self.kind}({self.least if self.least == self.most else f'{self.least}..{self.most}'})"


class _Value:
    """Something that is told as it is."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def sort(self) -> Hashable:
        return type(self.value), self.value

    def join(self, other: "_Value") -> None:
        """They are equal."""

    def told(self, levels: int, kinds: int, names: int) -> Any:
        del levels, kinds, names
        return self.value


class _Object:
    __slots__ = ("fields", "more")

    def __init__(self, fields: "dict[str, _Part]", more: int) -> None:
        self.fields = fields
        self.more = more
        """Names that were not looked at."""

    def sort(self) -> Hashable:
        return tuple((name, part.sort()) for name, part in self.fields.items()), self.more > 0

    def join(self, other: "_Object") -> None:
        self.more = max(self.more, other.more)
        for name, part in other.fields.items():
            self.fields[name].join(part)  # type: ignore[arg-type]  # both are of one sort

    def told(self, levels: int, kinds: int, names: int) -> Any:
        size = len(self.fields) + self.more
        if levels <= 0 and self.fields:
            return f"object({size})"
        shape = {name: part.told(levels - 1, kinds, names) for name, part in islice(self.fields.items(), names)}
        if left := size - len(shape):
            shape["…"] = f"{left} more names"
        return shape


class _List:
    __slots__ = ("groups", "length", "looked_at")

    def __init__(self, length: int, looked_at: int, groups: "list[_Group]") -> None:
        self.length = length
        self.looked_at = looked_at
        self.groups = groups

    def sort(self) -> Hashable:
        return tuple(group.part.sort() for group in self.groups), self.length > self.looked_at

    def join(self, other: "_List") -> None:
        """Told as the first one is: the lengths of lists are kept apart only within one element."""
        for mine, theirs in zip(self.groups, other.groups, strict=True):
            mine.part.join(theirs.part)  # type: ignore[arg-type]  # both are of one sort

    def told(self, levels: int, kinds: int, names: int) -> Any:
        if levels <= 0 and self.length:
            return f"list({self.length})"
        shape = {group.place: group.part.told(levels - 1, kinds, names) for group in self.groups[:kinds]}
        if left := self.length - sum(group.count for group in self.groups[:kinds]):
            shape["…"] = f"{left} more"
        return shape or []


class _Group:
    """Elements of one sort in a list."""

    __slots__ = ("count", "first", "last", "part")

    def __init__(self, index: int, part: "_Part") -> None:
        self.first = self.last = index
        self.count = 1
        self.part = part

    @property
    def place(self) -> str:
        if self.count == 1:
            return f"[{self.first}]"
        span = f"[{self.first}..{self.last}]"
        return span if self.count == self.last - self.first + 1 else f"{span} x{self.count}"


_Part = _Leaf | _Value | _Object | _List


class _Reading:
    """Of one body: how much of it was looked at already."""

    def __init__(self) -> None:
        self._left = _MOST_LOOKED_AT

    def read(self, body: dict[str, Any], depth: int, *, ours: bool = True, map: bool = False) -> _Object:
        """`ours`: values may be told where the API says what they are. `map`: the names are the caller's."""
        fields: dict[str, _Part] = {}
        inside: list[tuple[str, str, Any, bool]] = []
        for name in _first_names(body, self._left):
            if self._left <= 0:
                break
            self._left -= 1
            known = ours and not map and name in NAMES
            shown = _unlike(name if known else f"key({len(name)})", fields)
            value = body[name]
            if isinstance(value, dict | list) and value:
                fields[shown] = _Leaf("object" if isinstance(value, dict) else "list", len(value))
                inside.append((shown, name if known else "", value, known or (ours and map)))
            else:
                fields[shown] = self._part(name if known else "", value, depth + 1, ours=known or (ours and map))
        for n, (shown, name, value, told) in enumerate(inside):  # each has its share: a long one hides no other
            rest = self._left - self._left // (len(inside) - n)
            self._left -= rest
            if self._left > 0:
                fields[shown] = self._part(name, value, depth + 1, ours=told)
            self._left += rest
        return _Object(fields, len(body) - len(fields))

    def _part(self, name: str, value: object, depth: int, *, ours: bool) -> _Part:
        if value is None or isinstance(value, bool):
            return _Value(value)
        if isinstance(value, str):
            return _Value(value) if ours and _may_be_told(name, value, depth) else _Leaf("text", len(value))
        if isinstance(value, int | float):
            told = ours and name in NUMBERS and abs(value) < _LONGEST_NUMBER
            return _Value(value) if told else _Leaf(type(value).__name__, _digits(value))
        inside = ours and not (name in DATA or (name == "input" and isinstance(value, dict)))
        if isinstance(value, dict):
            if depth >= _DEEPEST:
                return _Leaf("object", len(value))
            return self.read(value, depth, ours=inside, map=name in MAPS)
        assert isinstance(value, list)
        if depth >= _DEEPEST:
            return _Leaf("list", len(value))
        return self._list(name if inside else "", value, depth, ours=inside)

    def _list(self, name: str, values: list[object], depth: int, *, ours: bool) -> _List:
        groups: dict[Hashable, _Group] = {}
        looked_at = 0
        for index, value in enumerate(values):
            if self._left <= 0:
                break
            self._left -= 1
            looked_at += 1
            words = name if isinstance(value, str) else ""  # lists of numbers are tokens: text again
            part = self._part(words, value, depth + 1, ours=ours)
            sort = part.sort()
            if (group := groups.get(sort)) is None:
                groups[sort] = _Group(index, part)
            else:
                group.last = index
                group.count += 1
                group.part.join(part)  # type: ignore[arg-type]  # both are of one sort
        return _List(len(values), looked_at, list(groups.values()))


def _unlike(name: str, others: dict[str, _Part]) -> str:
    """`name`, with a number behind it where there is one of that name."""
    shown, n = name, 1
    while shown in others:
        n += 1
        shown = f"{name}#{n}"
    return shown


def _first_names(body: dict[str, Any], most: int) -> list[str]:
    """Of a large object those that are known come first."""
    if len(body) <= 64:
        return list(body)
    known = [name for name in NAMES if name in body]
    return [*known, *islice((name for name in body if name not in NAMES), min(most, 64))]


def _may_be_told(name: str, value: str, depth: int) -> bool:
    if name in ENUMERATIONS:
        return value in WORDS
    if name != "model" or depth != 1 or _MODEL.fullmatch(value) is None:
        return False
    return not looks_like_secret(value) and redact(value) == value


def _digits(number: float) -> int:
    """How long it is written; of an endless integer about."""
    if isinstance(number, float) or number.bit_length() < 1000:
        return len(str(abs(number)))
    return number.bit_length() * 30103 // 100000 + 1
