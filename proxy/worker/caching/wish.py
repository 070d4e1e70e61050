"""What a caller wants of the cache: `Cache-Control`, and `x-gatewatch-cache` where that is set by an HTTP client.

| header | read | kept |
|---|---|---|
| none | yes | yes |
| `Cache-Control: no-store`, `x-gatewatch-cache: bypass` | no | no |
| `Cache-Control: no-cache`, `x-gatewatch-cache: refresh` | no | yes |
| `Cache-Control: max-age=N` | what is younger than N seconds | yes |

Other directives are about replies, or about caches that are none of ours. Another word in our own header is an error:
who is given a kept reply for a typing error never finds it.
"""

from collections.abc import Mapping
from typing import NamedTuple

from proxy.refusal import bad_request

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
_OWN = (b"", b"bypass", b"refresh")


def wish_of(headers: Mapping[bytes, bytes]) -> Wish:
    """What the request's headers say; where they contradict each other, the stricter holds. Raises Refusal."""
    control, own = headers.get(b"cache-control"), headers.get(HEADER)
    if control is None and own is None:
        return ANY
    own = (own or b"").strip().lower()
    if own not in _OWN:
        raise bad_request(
            "invalid_cache", "The header x-gatewatch-cache says bypass or refresh.", param=HEADER.decode()
        )
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
