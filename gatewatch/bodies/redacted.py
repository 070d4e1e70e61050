"""A body as it may be kept: JSON without secrets and personal data, and no longer than it may be.

Keeps true: every text and every name in it went through `gatewatch.redact`, before it was cut; nothing of what stands
under a name that says "password" or "api key" is kept, whatever its type; what was left out is counted and has its
mark in its place; the result is JSON. Binary data (pictures, sound, vectors) is left out: nobody reads it,
and it is most of the bytes.
"""

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from gatewatch.redact import redact

_MARKS = ("secret", "email", "phone", "card")
_BEYOND = 16 * 1024
"""Characters beyond a cut that are looked at: a secret that the cut goes through is whole there."""
_PIECE = 16 * 1024
"""Characters that are redacted at once, where a line ends there: other threads may run in between."""
_DEEPEST = 80
_MOST_NUMBERS = 64
_LONGEST_NAME = 200
_LONGEST_WORD = 24
_SHORTEST = 4
"""Characters of a text that may be a secret whatever its name is."""
_DATA_URL = re.compile(r"data:[\w.+/-]{1,80}(?:;[\w=.-]{1,80}){0,4},", re.ASCII)
_LONG_WORD = re.compile(r"[A-Za-z0-9+/=_-]{2048}")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[ -]")
_CREDENTIAL = re.compile(
    r"(?:api|access|secret|private|subscription|master|admin|session|refresh|auth|signing|encryption)_?(?:key|token)"
    r"|(?:^|_)(?:secrets?|authorization|credentials?)(?:$|_)|passw(?:or)?d|pwd|passphrase"
    r"|(?:^|_)token(?:$|_value$|_secret$)|^(?:set_)?cookie$"
)
"""In names as `_words` spells them."""
_PHONE = re.compile(r"(?:^|_)(?:(?:tele)?phone|tel|mobile|cell|fax|msisdn|whatsapp)(?:$|_)")
_PHONE_DIGITS = range(7, 16)
_CARD_DIGITS = 13
_NAMES = frozenset(("name", "key", "header", "field"))
_VALUES = frozenset(("value", "values", "default"))
"""As in `{"name": "api_key", "value": …}`."""


class Redacted(msgspec.Struct, frozen=True):
    """What may be kept of one body."""

    text: bytes
    """JSON."""
    cut: int
    """Characters that were left out."""
    counts: dict[str, int]
    """What was taken out → how often."""


def redacted(value: object, most: int, pause: Callable[[], object] = bool) -> Redacted:
    """`value`: JSON values. `most`: about so many bytes are kept. `pause` is called now and then.

    `most` holds for the text; the names and marks of what is left out come on top, up to a quarter of it.
    """
    work = _Redacting(most, pause)
    kept = work.value(value, "", 0)
    try:
        text = msgspec.json.encode(kept)
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can spell and UTF-8 cannot
        text = json.dumps(kept).encode()
    return Redacted(text, work.cut, work.counts)


@lru_cache(maxsize=4096)
def _is_plain(text: str) -> bool:
    """Names, roles, words of the API: they come again and again."""
    return redact(text) == text


def _words(name: str) -> str:
    """`clientSecret`, `Client-Secret` and `client secret` are `client_secret`."""
    return _HUMP.sub("_", name).lower()


@lru_cache(maxsize=4096)
def _is_credential(name: str) -> bool:
    return _CREDENTIAL.search(_words(name)) is not None


@lru_cache(maxsize=4096)
def _is_phone(name: str) -> bool:
    return _PHONE.search(_words(name)) is not None


def _says_nothing(value: object) -> bool:
    """What is no credential whatever its name is."""
    return value is None or isinstance(value, bool) or value in ("", [], {})


def _pairs_a_credential(value: dict[str, Any]) -> bool:
    """Whether it names one beside its value."""
    return any(
        name.lower() in _NAMES and isinstance(each, str) and len(each) <= _LONGEST_NAME and _is_credential(each)
        for name, each in value.items()
    )


def _is_of_a_reply(value: dict[str, Any]) -> bool:
    """Whether its `token` is a piece of text with its probability."""
    return isinstance(value.get("logprob"), int | float)


class _Redacting:
    def __init__(self, most: int, pause: Callable[[], object]) -> None:
        self.cut = 0
        self.counts: dict[str, int] = {}
        self._left = most
        self._slack = most // 4
        self._pause = pause

    def value(self, value: object, name: str, depth: int) -> Any:
        if isinstance(value, str):
            return self._phone(value, name) or self._text(value)
        if isinstance(value, dict):
            return self._object(value, depth)
        if isinstance(value, list):
            return self._list(value, depth)
        self._left -= 8
        return self._number(value, name) if isinstance(value, int | float) else value

    def _number(self, value: float, name: str) -> float | str:
        """A card's or a phone's number is taken out as it is of a text."""
        if isinstance(value, float) and not value.is_integer():
            return value
        digits = str(int(value)) if abs(value) < 10**20 else ""
        if (phone := self._phone(digits, name)) is not None:
            return phone
        said = self._counted(digits, redact(digits)) if len(digits) >= _CARD_DIGITS else digits
        return value if said == digits else said

    def _phone(self, digits: str, name: str) -> str | None:
        """The mark, where the name says what the digits are."""
        if len(digits) in _PHONE_DIGITS and digits.isdecimal() and _is_phone(name):
            self._count("phone", 1)
            return "[phone]"
        return None

    def _secret(self) -> str:
        self._left -= 12
        self._count("secret", 1)
        return "[secret]"

    def _object(self, value: dict[str, Any], depth: int) -> Any:
        if depth >= _DEEPEST:
            return self._left_out(f"{len(value)} names", len(value))
        kept: dict[str, Any] = {}
        pairs, reply = _pairs_a_credential(value), _is_of_a_reply(value)
        for name, each in value.items():
            if self._is_over():
                kept["…"] = self._left_out(f"{len(value) - len(kept)} more names", len(value) - len(kept))
                break
            self._left -= len(name) + 6
            short = name[:_LONGEST_NAME]
            shown = self._name(short)
            self.cut += max(0, len(name) - _LONGEST_NAME)
            secret = (_is_credential(short) and not (reply and name == "token")) or (pairs and name.lower() in _VALUES)
            said = self._secret() if secret and not _says_nothing(each) else self.value(each, short, depth + 1)
            kept[shown if shown not in kept else f"{shown}#{len(kept)}"] = said
        return kept

    def _list(self, value: list[Any], depth: int) -> Any:
        if depth >= _DEEPEST:
            return self._left_out(f"{len(value)} elements", len(value))
        if len(value) > _MOST_NUMBERS and all(isinstance(each, int | float) for each in value[:_MOST_NUMBERS]):
            return self._left_out(f"{len(value)} numbers", len(value))
        kept: list[Any] = []
        for each in value:
            if self._is_over():
                kept.append(self._left_out(f"{len(value) - len(kept)} more", len(value) - len(kept)))
                break
            self._left -= 2
            kept.append(self.value(each, "", depth + 1))
        return kept

    def _text(self, text: str) -> str:
        self._left -= 4
        if len(text) < _SHORTEST:
            return text
        if (data := _DATA_URL.match(text)) is not None:
            return self._left_out(f"{data[0].rstrip(',')} of {len(text)} characters", len(text))
        if len(text) > 4096 and _LONG_WORD.match(text) is not None:
            return self._left_out(f"data of {len(text)} characters", len(text))
        if self._left <= 0:
            return self._left_out(f"{len(text)} characters", len(text))
        seen = text[: self._left + _BEYOND]
        said = self._redact(seen)
        if len(text) > self._left:
            whole = len(said) if len(seen) == len(text) else max(0, len(said) - _BEYOND)
            kept = said[: min(self._left, whole)]
            said = kept + self._left_out(f"{len(text) - len(kept)} more characters", len(text) - len(kept))
            self._left = 0
        else:
            self._left -= len(said)
        return said

    def _name(self, name: str) -> str:
        return name if len(name) < _SHORTEST or _is_plain(name) else self._redact(name)

    def _redact(self, text: str) -> str:
        if len(text) <= _LONGEST_WORD and _is_plain(text):
            return text
        if "-----BEGIN " in text:  # a key over several lines
            said = self._counted(text, redact(text))
            self._pause()
            return said
        kept: list[str] = []
        at = 0
        while at < len(text):
            end = len(text) if len(text) - at <= _PIECE else text.rfind("\n", at, at + _PIECE) + 1
            if end <= at:  # no line ends here
                end = text.find("\n", at + _PIECE) + 1 or len(text)
            piece = text[at:end]
            kept.append(self._counted(piece, redact(piece)))
            at = end
            if len(piece) > 256:
                self._pause()
        return "".join(kept)

    def _counted(self, text: str, said: str) -> str:
        if said is not text and said != text:
            for mark in _MARKS:
                if found := said.count(f"[{mark}]") - text.count(f"[{mark}]"):
                    self._count(mark, found)
        return said

    def _count(self, mark: str, found: int) -> None:
        self.counts[mark] = self.counts.get(mark, 0) + found

    def _left_out(self, what: str, size: int) -> str:
        self.cut += size
        self._left -= len(what) + 16
        return f"[left out: {what}]"

    def _is_over(self) -> bool:
        return self._left <= -self._slack
