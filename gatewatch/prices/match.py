"""Whether a model name is meant by a row.

Letters count alike in both cases. Gateways write dates either way: a name with a compact one (`gpt-5.2-20251211`) that
nothing matches is read once more with dashes (`gpt-5.2-2025-12-11`).
"""

import re
from datetime import date

from gatewatch.prices.row import Match

LONGEST_NAME = 256
"""No vendor's name is a third as long; a longer one is unknown, and never met by a regular expression."""

_COMPACT_DATE = re.compile(r"-(20\d{2})(\d{2})(\d{2})(?=-|:|$)", re.ASCII)


def matches(match: Match, name: str) -> bool:
    """`name` in lower case."""
    if match.equals is not None:
        return name == match.equals
    if match.any_of:
        return any(matches(each, name) for each in match.any_of)
    if match.starts_with is not None:
        return name.startswith(match.starts_with)
    if match.contains is not None:
        return match.contains in name
    if match.ends_with is not None:
        return name.endswith(match.ends_with)
    if match.regex is not None:
        return re.search(match.regex, name) is not None
    return bool(match.all_of) and all(matches(each, name) for each in match.all_of)


def with_dashes(name: str) -> str:
    """`name` with its compact dates dashed; what is no date stays."""
    return _COMPACT_DATE.sub(_dashed, name)


def _dashed(found: re.Match[str]) -> str:
    year, month, day = found.groups()
    try:
        return f"-{date(int(year), int(month), int(day)).isoformat()}"
    except ValueError:
        return found[0]
