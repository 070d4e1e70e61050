"""How far a canary has come: a share of all calls, and teams whose calls all go there; in steps.

A share is a whole number of hundredths of a percent, so that no call is counted in floating point. A step is a share
(`25%`), or a team, which joins those before it (`search`).
"""

import re
from collections.abc import Sequence

WHOLE = 10_000

_SHARE = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?%")


def parse_share(text: str) -> int:
    """`5%`, `0.25%` → hundredths of a percent. Raises ValueError."""
    match = _SHARE.fullmatch(text.strip())
    share = int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0")) if match else WHOLE + 1
    if share > WHOLE:
        raise ValueError(f"{text!r} is no share: from 0% to 100%, as in 5% or 0.25%")
    return share


def share_text(share: int) -> str:
    """500 → `5%`."""
    whole, rest = divmod(share, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") + "%"


def is_share(step: str) -> bool:
    """Else it names a team."""
    return step.strip().endswith("%")


def checked_steps(steps: Sequence[str]) -> tuple[str, ...]:
    """As they are kept. Raises ValueError for what is no share, and where a share is not above the one before it."""
    last, kept = -1, []
    for step in steps:
        if not is_share(step):
            kept.append(step.strip())
            continue
        share = parse_share(step)
        if share <= last:
            raise ValueError(f"{step.strip()} does not come behind {share_text(last)}: steps lead upwards")
        last = share
        kept.append(share_text(share))
    if not all(kept) or len(set(kept)) != len(kept):
        raise ValueError("a step is a share, as in 25%, or a team; each once")
    return tuple(kept)


def taken(share: int, teams: Sequence[str], step: str) -> tuple[int, tuple[str, ...]]:
    """Share and teams when that step has been taken."""
    if is_share(step):
        return max(share, parse_share(step)), tuple(teams)
    return share, tuple(dict.fromkeys((*teams, step)))
