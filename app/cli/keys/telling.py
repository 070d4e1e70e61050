"""Tells people about keys: who uses one, what would break without it. Lines, harmless on a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

Row = Mapping[str, Any]

CALLERS_TOLD = 5


def headline(key: Row) -> str:
    """`'app' (Ab3dEf9x), client key of team 'search', last used 2026-11-21T10:00:00Z`."""
    used = "never used" if key["last_used_at"] is None else f"last used {short(key['last_used_at'])}"
    return f"{key['name']!r} ({key['id']}), {key['kind']} key of team {key['team']!r}, {key['state']}, {used}"


def pauses(key: Row) -> Iterator[str]:
    """Which alerts have paused it, and how that is ended."""
    from gatewatch.safe_text import safe

    for each in key.get("paused_by", ()):
        yield (
            f"{safe(key['name'])} is paused by the alert {safe(each['alert'])} since {short(each['since'])}, until"
            f" `{safe(each['lift'])}`"
        )


def about(key: Row) -> Iterator[str]:
    """One key before something is done to it; a row of `keys.affected`."""
    from gatewatch.safe_text import safe

    yield headline(key)
    day = key["day"]
    if day is None:
        yield f"  its callers are not known: {safe(key['day_unknown'])}"
    elif not day["calls"]:
        yield "  no calls in the last 24 h"
    else:
        yield f"  last 24 h: {counted(day['calls'], 'call')} by {counted(day['callers_in_all'], 'caller')}"
        yield from callers(day["callers"], day["callers_in_all"])
    if key["in_flight"]:
        yield f"  {counted(key['in_flight'], 'call')} in flight now"
    elif key["in_flight"] is None:
        yield "  no gateway runs that could tell of calls in flight"
    for old in key["old"]:
        yield f"  the secret of version {old['version']} still works, until {short(old['valid_until'])}"
    for line in key["would_break"]:
        yield f"  ! {safe(line)}"


def callers(rows: list[dict[str, Any]], in_all: int) -> Iterator[str]:
    """Who came, the last one first."""
    from gatewatch.safe_text import safe

    for row in rows[:CALLERS_TOLD]:
        version = "" if row["key_version"] is None else f", secret {row['key_version']}"
        refused = f" ({row['blocked']} refused)" if row["blocked"] else ""
        yield (
            f"    {safe(row['source'] or 'unknown', 45)}  {safe(row['client'] or 'no user agent', 60)}"
            f"  {counted(row['calls'], 'call')}{refused}{version}, last {short(row['last_used'])}"
        )
    if in_all > CALLERS_TOLD:
        yield f"    and {in_all - CALLERS_TOLD} more"


def short(time: str) -> str:
    """ISO 8601 to the second: 2026-11-21T10:00:00Z."""
    return time[:19] + "Z"


def counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
