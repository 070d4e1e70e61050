"""Recognises text that is probably a secret, so that it is neither taken as a name nor repeated in an error.

A guess, not a guarantee: what is a secret by its place (a vault entry, a resolved reference) is never shown at all.
"""

import re

from gatewatch.redact import redact
from gatewatch.safe_text import safe

_LONG_WORD = re.compile(r"[A-Za-z0-9]{16}")
_LONG_MIXED_WORD = re.compile(r"(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9+/]{32,}={0,2}")
_LOOKED_AT = 1000
"""Characters; longer text is shown shortened anyway, and hostile text costs no more."""


def is_known_secret(text: str) -> bool:
    """Holds a key of the kinds that providers and code hosts give out, or of ours; `sk-learn-jobs` is a name."""
    start = text[:_LOOKED_AT]
    return _LONG_WORD.search(start) is not None and "[secret]" in redact(start)


def looks_like_secret(text: str) -> bool:
    """Holds such a key, or a long word of letters and digits mixed."""
    return is_known_secret(text) or _LONG_MIXED_WORD.search(text[:_LOOKED_AT]) is not None


def without_secrets(text: str) -> str:
    """`text` with `[secret]` in place of everything that looks like one."""
    return _LONG_MIXED_WORD.sub("[secret]", redact(text))


def shown(text: str, limit: int = 80) -> str:
    """`text` quoted for an error, harmless on a terminal; only its length where it looks like a secret."""
    return f"({len(text)} characters that look like a secret)" if looks_like_secret(text) else repr(safe(text, limit))
