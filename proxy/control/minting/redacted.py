"""Finds a key in a list of keys that shows only their ends.

Ending the wrong key is an outage: where the ends leave a doubt, nothing is found.
"""

import re
from collections.abc import Iterable

SHOWN_AT_LEAST = 4
"""Characters of the key's random part that have to be shown: 1 in 14 million keys has the same."""

_HIDDEN = re.compile(r"\*+|\.{2,}|…+")


def matches(secret: str, shown: str) -> bool:
    """Whether `shown`, as in `sk-proj-abc...wxyz`, is this key, as far as can be seen."""
    parts = _HIDDEN.split(shown.strip())
    if len(parts) != 2:
        return False
    start, end = parts
    told = len(re.split(r"[-_]", start)[-1]) + len(end)
    fits = secret.startswith(start) and secret.endswith(end) and len(secret) > len(start) + len(end)
    return fits and told >= SHOWN_AT_LEAST and bool(end)


def the_one(secret: str, listed: Iterable[tuple[str, str | None]]) -> str | None:
    """The id of the only key of (id, as it is shown) that it can be; None where there is none, or more than one."""
    found = [id for id, shown in listed if shown and matches(secret, shown)]
    return found[0] if len(found) == 1 else None
