"""Call ids: UUIDv7 (RFC 9562, method 3), so that an id bounds its own time and sorts by it."""

import os
import random
import time
import uuid

_random = random.Random(os.urandom(32))  # noqa: S311 - ids are unique, not secret
os.register_at_fork(after_in_child=lambda: _random.seed(os.urandom(32)))


def new_call_id() -> str:
    """A new UUIDv7 text; 48 bits of milliseconds, 12 bits of their fraction, 62 random bits."""
    microseconds = time.time_ns() // 1000
    milliseconds, fraction = divmod(microseconds, 1000)
    high = milliseconds << 16 | 0x7000 | fraction * 4096 // 1000
    low = _random.getrandbits(62) | 0x8000_0000_0000_0000
    text = f"{high:016x}{low:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def milliseconds_of(call_id: str) -> int:
    """When the id was made, in milliseconds since the epoch. Raises ValueError for anything but a UUIDv7."""
    parsed = uuid.UUID(call_id)
    if parsed.version != 7:
        raise ValueError(f"{call_id!r} is not a call id (UUIDv7)")
    return parsed.int >> 80
