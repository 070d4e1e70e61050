"""One number of a usage object."""

LARGEST = 10**12


def count_of(value: object) -> int | None:
    """A token count; null counts as 0, anything negative, fractional, textual or absurd is none."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < LARGEST:
        return None
    return value
