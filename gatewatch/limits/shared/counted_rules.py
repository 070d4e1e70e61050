"""Rules as the store counts them: what each is called there, and how long its counters are kept."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gatewatch.limits.counters import LONGEST_CALL_SECONDS
from gatewatch.limits.rule import Rule
from gatewatch.limits.shared.names import token

SLACK_SECONDS = 600
LONGEST_HOLD_MS = (LONGEST_CALL_SECONDS + SLACK_SECONDS) * 1000
"""What is held longer is held by no call."""


class Counted(NamedTuple):
    """A rule, as the store knows it."""

    store_name: str
    is_seeded_first: bool
    """Whether nothing is reserved of it before it is seeded."""
    life_ms: int


def counted_rules(rules: Iterable[Rule], seeded: Sequence[str]) -> dict[str, Counted]:
    """By id. `seeded`: those that need no seeds."""
    return {
        rule.id: Counted(token(rule), rule.id not in seeded and rule.window is not None, life_ms(rule))
        for rule in rules
    }


def unknown(rule_id: str) -> Counted:
    """A rule that is not in force any more."""
    return Counted(rule_id, is_seeded_first=False, life_ms=LONGEST_HOLD_MS)


def counting(rules: Iterable[Rule]) -> str:
    """What a worker that counts these rules says of itself: which are counted."""
    tokens = sorted(token(rule) for rule in rules if rule.window is not None)
    return hashlib.blake2b("\n".join(tokens).encode(), digest_size=8).hexdigest()


def life_ms(rule: Rule) -> int:
    """How long a counter of it is kept behind its last use."""
    longest = rule.window.longest if rule.window else 0
    return longest // 1000 + LONGEST_HOLD_MS
