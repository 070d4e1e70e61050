"""What a caller wants of the cache: `Cache-Control`, and `x-gatewatch-cache` where that is set by an HTTP client.

| header | read | kept |
|---|---|---|
| none | yes | yes |
| `Cache-Control: no-store`, `x-gatewatch-cache: bypass` | no | no |
| `Cache-Control: no-cache`, `x-gatewatch-cache: refresh` | no | yes |
| `Cache-Control: max-age=N` | what is younger than N seconds | yes |

Other directives are about replies, or about caches that are none of ours.
"""

from collections.abc import Mapping
from typing import NamedTuple

HEADER = b"x-gatewatch-cache"


class Wish(NamedTuple):
    """Of one call."""

    reads: bool = True
    keeps: bool = True
    younger: float | None = None
    """Seconds: no reply that is as old, or older."""


ANY = Wish()
NOTHING = Wish(reads=False, keeps=False)
_NEW = Wish(reads=False)


def wish_of(headers: Mapping[bytes, bytes]) -> Wish:
    """What the request's headers say; where they contradict each other, the stricter holds."""
    control, own = headers.get(b"cache-control"), headers.get(HEADER)
    if control is None and own is None:
        return ANY
    own = (own or b"").strip().lower()
    said = {part.strip() for part in (control or b"").lower().split(b",")}
    if own == b"bypass" or b"no-store" in said:
        return NOTHING
    if own == b"refresh" or b"no-cache" in said:
        return _NEW
    for each in said:
        name, _, value = each.partition(b"=")
        if name.strip() == b"max-age":
            value = value.strip(b' "')
            return Wish(younger=float(value)) if value.isdigit() and len(value) < 16 else _NEW
    return ANY
