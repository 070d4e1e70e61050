"""Signatures of thoughts: made here, known here again, and broken by any change to the thought."""

import base64
import binascii
import hashlib
import hmac

_KEY = b"the sandbox's own thoughts"
_DIGEST, _MARK = 24, 24
_HEAD = b"\x12\x48"


def sign(thought: str) -> str:
    """The signature of a thinking block, or the data of a redacted one."""
    digest = _digest(thought)
    return base64.b64encode(_HEAD + digest + _mark(digest)).decode()


def is_ours(signature: str) -> bool:
    """Whether this was made here, whatever it signs."""
    return _parts(signature) is not None


def signs(signature: str, thought: str) -> bool:
    """Whether this was made here for this thought; where it was not shown, it is missing, and that is well."""
    digest = _parts(signature)
    return digest is not None and (not thought or hmac.compare_digest(digest, _digest(thought)))


def _parts(signature: str) -> bytes | None:
    try:
        raw = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return None
    digest, mark = raw[len(_HEAD) : len(_HEAD) + _DIGEST], raw[len(_HEAD) + _DIGEST :]
    return digest if raw.startswith(_HEAD) and hmac.compare_digest(mark, _mark(digest)) else None


def _digest(thought: str) -> bytes:
    return hashlib.blake2b(thought.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()


def _mark(digest: bytes) -> bytes:
    return hmac.digest(_KEY, digest, "sha256")[:_MARK]
