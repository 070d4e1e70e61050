"""What is told of a key with a model: what runs, what waits, and what is known of its limits."""

import msgspec


class LaneLimit(msgspec.Struct, frozen=True, kw_only=True):
    """One allowance."""

    kind: str
    """`requests`, `tokens`, … as the provider calls it, or the id of a rule of our own."""
    limit: int
    remaining: int
    reset: float
    """Seconds until it is whole again, as far as is known."""


class LaneState(msgspec.Struct, frozen=True, kw_only=True):
    """One lane, as one worker sees it."""

    provider: str
    key: str
    model: str
    running: int
    waiting: int = 0
    most: int | None = None
    """So many calls may run at once; None: any."""
    used_percent: int = 0
    """Of the limit that is used most."""
    shut_seconds: float = 0.0
    """Until the provider lets more be sent."""
    limits: list[LaneLimit] = []
