"""The provider's usage object as it stands in the journal: its own words, within bounds."""

import msgspec

USAGE_BYTES = 16 * 1024
"""What a usage object may take in the journal; the longest that are known have 1 kB."""
USAGE_LEVELS = 16
"""How deep it may be nested; known ones have 2 or 3 levels. How deep is too deep for a parser differs by Python."""


def kept_usage(usage: object) -> msgspec.Raw | None:
    """The provider's usage object for the journal; None where it is none, or beyond any sense."""
    if not isinstance(usage, dict) or not _is_shallow(usage, USAGE_LEVELS):
        return None
    raw = msgspec.json.encode(usage)
    return msgspec.Raw(raw) if len(raw) <= USAGE_BYTES else None


def _is_shallow(value: object, levels: int) -> bool:
    nested = [value]
    while nested and levels:
        levels -= 1
        inside: list[object] = []
        for each in nested:
            inside += each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
        nested = [each for each in inside if isinstance(each, dict | list)]
    return not nested
