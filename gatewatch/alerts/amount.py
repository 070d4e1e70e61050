"""What alerts are measured in, as people type it, as integers, and as people read it."""

import re
from typing import Literal

import msgspec

from gatewatch.timespan import duration_text, parse_duration

Unit = Literal["time", "share", "count", "times"]
"""Microseconds; millionths of one; a number; millionths of the usual."""

WHOLE = 1_000_000
"""100 %, and once the usual."""
FORMS = "2s, 5%, 20 or 5x"

_SHARE = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,4}))?%")
_TIMES = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,6}))?x")
_COUNT = re.compile(r"[0-9]{1,12}")


class Amount(msgspec.Struct, frozen=True):
    """So much of one unit."""

    unit: Unit
    value: int

    def __str__(self) -> str:
        """As `read_amount` reads it."""
        if self.unit == "count":
            return str(self.value)
        if self.unit == "time":
            return duration_text(self.value)
        return _decimal(self.value, 10**4 if self.unit == "share" else WHOLE) + ("%" if self.unit == "share" else "x")


def read_amount(text: str) -> Amount:
    """`2s`, `5%`, `120%`, `20`, `5x`, `1.5x` → amount. Raises ValueError."""
    if _COUNT.fullmatch(text):
        return Amount("count", int(text))
    if match := _SHARE.fullmatch(text):
        return Amount("share", int(match[1]) * 10**4 + int((match[2] or "").ljust(4, "0")))
    if match := _TIMES.fullmatch(text):
        return Amount("times", int(match[1]) * WHOLE + int((match[2] or "").ljust(6, "0")))
    try:
        return Amount("time", parse_duration(text))
    except ValueError:
        raise ValueError(FORMS) from None


def amount_text(unit: Unit, value: int) -> str:
    """For people: `1.4 s`, `12.5 %`, `20`, `5.3 ×`."""
    if unit == "count":
        return str(value)
    if unit == "time":
        return _time_text(value)
    return f"{_decimal(value, 10**4, 1)} %" if unit == "share" else f"{_decimal(value, WHOLE, 1)} ×"


def _time_text(us: int) -> str:
    for size, name in ((86_400 * WHOLE, "d"), (3600 * WHOLE, "h"), (60 * WHOLE, "min")):
        if us >= 2 * size:
            return f"{_decimal(us, size, 1)} {name}"
    return f"{_decimal(us, WHOLE, 1)} s" if us >= WHOLE else f"{us // 1000} ms"


def _decimal(value: int, whole: int, digits: int | None = None) -> str:
    """`value / whole`, exact, or cut to so many digits; without zeros at its end."""
    rest = f"{value % whole * 10**6 // whole:06d}"
    rest = (rest if digits is None else rest[:digits]).rstrip("0")
    return f"{value // whole}.{rest}" if rest else str(value // whole)
