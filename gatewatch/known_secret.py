"""Takes one secret that we know out of what somebody else has said, whatever it looks like."""

import json
from functools import lru_cache
from urllib.parse import quote

HIDDEN = "[secret]"
SHORTEST = 6
"""Characters; anything shorter stands in too many words to be told from them."""


def without_known(text: str, secret: str | None) -> str:
    """`text` without the secret and its parts between colons, also where it is escaped: in JSON, JSON in JSON, URLs."""
    for form in _forms(secret) if secret else ():
        text = text.replace(form, HIDDEN)
    return text


def bytes_without_known(content: bytes, secret: str | None) -> bytes:
    """Likewise of what is not read yet."""
    for form in _forms(secret) if secret else ():
        content = content.replace(form.encode(), HIDDEN.encode())
    return content


@lru_cache(maxsize=64)
def _forms(secret: str) -> tuple[str, ...]:
    """The longest first: a part of it would hide in the whole."""
    found: set[str] = set()
    for part in (secret, *secret.split(":")):
        if len(part) >= SHORTEST:
            once = json.dumps(part)[1:-1]
            found |= {part, once, json.dumps(once)[1:-1], quote(part, safe=""), quote(part)}
    return tuple(sorted(found, key=len, reverse=True))
