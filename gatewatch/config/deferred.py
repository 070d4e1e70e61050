"""How calls with `x-gatewatch-priority: deferred` are run, as the configuration file says it (docs/deferred.md)."""

from pydantic import Field

from gatewatch.config.section import Section
from gatewatch.config.values import Count, Duration, Size

_SECOND = 1_000_000


class Deferred(Section):
    """Calls that may wait, and are cheaper for it."""

    gather: Duration = 60 * _SECOND
    """How long calls are gathered before they are handed to a provider as one batch."""
    batch: Count = 1000
    """The most calls of one batch: with so many it is handed over at once."""
    shortest: Duration = 3600 * _SECOND
    """Calls with less time than that until their deadline do not go by a provider's batch API."""
    poll: Duration = 60 * _SECOND
    """The longest time between two looks at a batch; the first ones are sooner."""
    running: int = Field(default=8, ge=1, le=1000)
    """The most deferred calls that run at once outside of batches."""
    calls: Count = 10_000
    """The most that may wait; beyond it, callers get a 429."""
    size: Size = 2**30
    """The most that all requests and replies may take on the disk, likewise."""
    keep: Duration = 24 * 3600 * _SECOND
    """How long a reply can be fetched once it is there. Then it is deleted."""
