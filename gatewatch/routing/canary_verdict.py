"""Whether a canary does so badly that it is stopped: seldom enough to be chance is not bad, and neither is what happens
at the route's other targets as well.
"""

from typing import NamedTuple

LEAST_TRIES = 20
WORST_SHARE = 0.05
TIMES_THE_OTHERS = 2


class Tries(NamedTuple):
    """Of calls of one route, at some of its targets."""

    tries: int
    failed: int

    @property
    def share(self) -> float:
        """Of failures; 0 of nothing."""
        return self.failed / self.tries if self.tries else 0.0


def has_shown_itself(canary: Tries) -> bool:
    """Whether so much has gone well there that it may get more."""
    return canary.tries - canary.failed >= LEAST_TRIES


def fault_of(canary: Tries, others: Tries) -> str | None:
    """Why it is to be stopped, in words; None where it may go on, or too little is known."""
    if canary.tries < LEAST_TRIES or canary.share <= WORST_SHARE or canary.share <= TIMES_THE_OTHERS * others.share:
        return None
    beside = f"{others.share:.1%} of {others.tries} at the other targets" if others.tries else "nothing to compare with"
    return f"{canary.share:.1%} of {canary.tries} tries failed there; {beside}"
