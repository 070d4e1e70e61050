"""Opaque state that only its maker can check: encrypted reasoning, thought signatures, ids that were stored.

Nothing is remembered: what was made here is known by its own bytes.
"""

import base64
import binascii
import hashlib

_KEY = b"the sandbox, and nobody else"
_BODY, _MARK = 24, 12


def seal(purpose: str, key: bytes) -> bytes:
    """36 bytes that follow from `key`, and are known again by `is_sealed`."""
    body = hashlib.blake2b(key, digest_size=_BODY, person=purpose.encode()[:16]).digest()
    return body + _mark(purpose, body)


def is_sealed(purpose: str, data: bytes) -> bool:
    return len(data) == _BODY + _MARK and _mark(purpose, data[:_BODY]) == data[_BODY:]


def encrypted_content(key: bytes) -> str:
    """Reasoning as the Responses API hides it: looks like a Fernet token, as OpenAI's does."""
    return "gAAAAAB" + base64.urlsafe_b64encode(seal("reasoning", key)).decode()


def is_encrypted_content(text: str) -> bool:
    try:
        return text.startswith("gAAAAAB") and is_sealed("reasoning", base64.urlsafe_b64decode(text[7:]))
    except (binascii.Error, ValueError):
        return False


def item_id(prefix: str, key: bytes, stored: bool) -> str:
    """`rs_…`, `msg_…`, `resp_…`: whether it was stored can be read from it."""
    body = hashlib.blake2b(key, digest_size=20, person=prefix.encode()[:16]).hexdigest() + "01"[stored]
    return f"{prefix}_{body}{_mark(prefix, body.encode()).hex()[:9]}"


def was_stored(identifier: str) -> bool:
    """Whether this is an id of ours, of something that was stored."""
    prefix, _, rest = identifier.rpartition("_")
    body, mark = rest[:41], rest[41:]
    return body.endswith("1") and mark == _mark(prefix, body.encode()).hex()[:9]


def _mark(purpose: str, body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_MARK, key=_KEY, person=purpose.encode()[:16]).digest()
