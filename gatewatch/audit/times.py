"""Times in `before` and `after` as people read them. The trail keeps µs since the epoch: that is what is hashed."""

from typing import Any

from gatewatch.timespan import iso

_LEAST, _MOST = 10**14, 4 * 10**15
"""1973 to 2096: a number under such a name that lies elsewhere is something else."""


def with_times(value: Any, name: str = "") -> Any:
    """`expires_at`, `valid_until` and their like in ISO 8601, however deep they stand; everything else as it is."""
    match value:
        case dict():
            return {key: with_times(item, key) for key, item in value.items()}
        case list():
            return [with_times(item, name) for item in value]
        case int() if name.endswith(("_at", "_until")) or name == "at":
            return iso(value) if _LEAST < value < _MOST else value
    return value
