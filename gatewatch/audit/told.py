"""What may stand in the audit trail: values without secrets, harmless on a terminal, bounded.

A last line of defence: whoever writes an entry leaves secrets out of it. It knows shapes and names of credentials.
References to secrets (`vault:openai`) stay, and so does a mail address that stands alone: it says whose a thing is.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from gatewatch.keys.secret_shapes import is_known_secret
from gatewatch.redact import redact
from gatewatch.safe_text import safe

LONGEST_TEXT = 2_000
LARGEST_SIDE = 128 * 1024
"""Bytes of `before` or `after` as JSON."""

SECRET = "[secret]"  # noqa: S105 - stands for one

_REFERENCE = re.compile(r"(?:vault|env|file|systemd):[\w./@+~-]{1,300}|none", re.ASCII)
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,190}", re.ASCII)
_LONG_WORD = re.compile(r"[A-Za-z0-9+/]{32,}={0,2}")
_DEPTH = 20


def told(text: str, limit: int = LONGEST_TEXT) -> str:
    """`text` without secrets and control characters."""
    text = text[: 2 * limit]
    if not _MAIL.fullmatch(text):
        text = _LONG_WORD.sub(_long_word, redact(text))
    return safe(text, limit)


def told_as_json(side: Mapping[str, object] | None, limit: int | None = LARGEST_SIDE) -> str | None:
    """`before` or `after` as the text that is stored: JSON, keys sorted. `limit`: bytes; None: any."""
    if side is None:
        return None
    text = msgspec.json.encode(_told("", msgspec.to_builtins(dict(side)), 0), order="sorted")
    if limit is not None and len(text) > limit:
        text = msgspec.json.encode({"left_out": f"{len(text)} bytes, more than an entry may hold"})
    return text.decode()


def _told(name: str, value: Any, depth: int) -> Any:
    if depth > _DEPTH:
        return "[too deep]"
    match value:
        case dict():
            return {told(str(key), 200): _told(str(key), item, depth + 1) for key, item in value.items()}
        case list():
            return [_told(name, item, depth + 1) for item in value]
        case str():
            return SECRET if _names_a_secret(name, value) else told(value)
        case int() | float() if not isinstance(value, bool) and _names_a_secret(name, str(value)):
            return SECRET
    return value


def _names_a_secret(name: str, value: str) -> bool:
    """Whether a value under that name is a credential, whatever it looks like."""
    is_reference = _REFERENCE.fullmatch(value[:LONGEST_TEXT]) is not None and not is_known_secret(value)
    return not is_reference and _names_credentials(name[-80:])


@lru_cache(1000)
def _names_credentials(name: str) -> bool:
    said = f"{name}: Xy7zzz"
    return bool(name) and redact(said) != said


def _long_word(match: re.Match[str]) -> str:
    """A long word of letters and digits is a key; one with slashes only where it is no path of short names."""
    word = match[0]
    has_both = any(map(str.isdigit, word)) and any(map(str.isalpha, word))
    is_path = max(map(len, word.split("/"))) < 32 and sum(map(str.isupper, word)) < 4
    return SECRET if has_both and not is_path else word
