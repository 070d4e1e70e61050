"""What is done after a try that failed, by what it failed of; and how many tries again a target may get.

| the provider | then |
|---|---|
| 400, 404, 413, 422 and the like | the caller's own fault: nothing more is asked |
| 401, 402, 403 of the key | the key is held; the next key, then the next target |
| 429 | the next key, then the next target |
| 503, 529 | the next target; the last one again, three tries at most, within its budget of retries |
| 500, 502, 504, a lost connection, nothing in time, a reply that is none | the next target |

Keeps true: tries again at one target are a share of the calls there, so that a provider that is down is not asked twice
as much as one that is well.
"""

import random

MOST_TRIES = 3
"""Of one call at one target, the first included."""
FIRST_BACKOFF = 0.1
LONGEST_BACKOFF = 2.0
AT_FIRST = 2.0
"""Tries again that a target has to begin with, and after a quiet time."""
MOST = 20.0
REMEMBERED = 1024


def backoff(tried: int, said: float | None) -> float:
    """Seconds before the next try at the same target, after so many; with jitter, so that callers do not come at once.

    `said`: what the provider asks for.
    """
    longest = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** (tried - 1))
    return max(said or 0.0, random.uniform(longest / 2, longest))  # noqa: S311 - spreads load, guards nothing


class RetryBudget:
    """Of one worker: tokens by target."""

    def __init__(self, share: float) -> None:
        self.share = share
        self._tokens: dict[tuple[str, str], float] = {}
        """Targets that have failed of late; others have what they have at first."""

    def called(self, provider: str, model: str) -> None:
        """A call was made there for the first time: it brings its share of a retry."""
        if self._tokens and (left := self._tokens.get((provider, model))) is not None:
            self._tokens[provider, model] = min(MOST, left + self.share)

    def take(self, provider: str, model: str) -> bool:
        """Whether the target may be asked once more."""
        left = self._tokens.get((provider, model), AT_FIRST)
        if left < 1.0:
            return False
        if len(self._tokens) >= REMEMBERED:
            self._tokens.clear()
        self._tokens[provider, model] = left - 1.0
        return True

    def tick(self) -> None:
        """To be called about once a second: what is quiet gets back what it had at first, slowly."""
        self._tokens = {
            place: left if left >= AT_FIRST else min(AT_FIRST, left + 0.05) for place, left in self._tokens.items()
        }
