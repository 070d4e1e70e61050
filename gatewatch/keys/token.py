"""The text of a virtual key: `gwk_sk_live_<kid:8><secret:43><crc32:6>`, base62.

`sk` is a client's key, `ak` an administrator's; `live` or `test` is the environment. The kid is public: logs, screens
and look-ups name a key by it. The CRC rejects typos and hostile text before any look-up; it is no proof of anything.
The secret has 256 bits, so a fast keyed hash is the right way to store it: there is no dictionary to slow down.
"""

import hmac
import re
import secrets
import zlib
from typing import Literal

Kind = Literal["client", "admin"]
Environment = Literal["live", "test"]

LENGTH = 69
KID_LENGTH = 8

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_SHAPE = re.compile(r"gwk_(?:sk|ak)_(?:live|test)_[0-9A-Za-z]{57}")
_KID = slice(12, 12 + KID_LENGTH)
_BODY = LENGTH - 6
_MARKS: dict[Kind, str] = {"client": "sk", "admin": "ak"}


def mint(kind: Kind, environment: Environment) -> str:
    """A new key from the operating system's randomness."""
    body = f"gwk_{_MARKS[kind]}_{environment}_" + "".join(secrets.choice(_ALPHABET) for _ in range(KID_LENGTH + 43))
    return body + _checksum(body)


def parse(text: str) -> str | None:
    """The kid of a well-formed key, None for anything else. Never raises, whatever the text is."""
    if len(text) != LENGTH or _SHAPE.fullmatch(text) is None or _checksum(text[:_BODY]) != text[_BODY:]:
        return None
    return text[_KID]


def digest(pepper: bytes, token: str) -> bytes:
    """What is stored of a key: HMAC-SHA256 of the whole token under the pepper, 32 bytes."""
    return hmac.digest(pepper, token.encode(), "sha256")


def _checksum(body: str) -> str:
    high, low = divmod(zlib.crc32(body.encode()), 62**2)
    top, middle = divmod(high, 62**2)
    return _PAIRS[top] + _PAIRS[middle] + _PAIRS[low]
