"""What is typed about keys, read: spans of time, lists, amounts. Raises UsageError, and repeats no secret."""

from decimal import Decimal, InvalidOperation

NOTHING = ("none", "any", "never")
"""What takes a limit away."""


def span(option: str, text: str) -> int:
    """`15m` in µs."""
    from gatewatch.errors import UsageError
    from gatewatch.keys.secret_shapes import shown
    from gatewatch.timespan import parse_duration

    try:
        return parse_duration(text)
    except ValueError:
        raise UsageError(f"{option} {shown(text)} is not a span of time", "write 90s, 15m, 24h or 30d") from None


def listed(text: str) -> tuple[str, ...]:
    """`a, b`."""
    return tuple(name.strip() for name in text.split(","))


def count(option: str, text: str) -> int:
    from gatewatch.errors import UsageError
    from gatewatch.keys.secret_shapes import shown

    plain = text.replace("_", "").replace(",", "")
    if not (plain.isascii() and plain.isdecimal() and len(plain) <= 18 and int(plain) > 0):
        raise UsageError(f"{option} {shown(text)} is not a number of at least 1", "write digits, as in 1000")
    return int(plain)


def picos(option: str, text: str) -> int:
    """USD → picodollars, exactly."""
    from gatewatch.errors import UsageError
    from gatewatch.keys.secret_shapes import shown
    from gatewatch.money import picos_from_usd

    try:
        amount = Decimal(text)
        if not amount.is_finite() or amount <= 0 or amount.adjusted() > 15:
            raise ValueError
        return picos_from_usd(amount)
    except (InvalidOperation, ValueError):
        raise UsageError(f"{option} {shown(text)} is not an amount in USD", "write it as in 25 or 0.50") from None


def end(option: str, text: str, now: int) -> tuple[int | None, int | None]:
    """`30d` → (its length, None); ISO 8601 → (None, that time), both in µs. Raises UsageError for the past too."""
    from gatewatch.errors import UsageError
    from gatewatch.keys.secret_shapes import shown
    from gatewatch.timespan import parse_duration, parse_instant

    next_step = "write 30d, or 2027-01-31T00:00:00Z"
    try:
        length = parse_duration(text)
    except ValueError:
        pass
    else:
        if length <= 0:
            raise UsageError(f"{option} {shown(text)} is not a time to come", next_step)
        return length, None
    try:
        at = parse_instant(text, now)
    except ValueError:
        raise UsageError(f"{option} {shown(text)} is not a time", next_step) from None
    if at <= now:
        raise UsageError(f"{option} {shown(text)} is not a time to come", next_step)
    return None, at
