"""What a worker tells of its cache."""

import msgspec


class CacheState(msgspec.Struct, kw_only=True):
    """Counters rise from the worker's start."""

    entries: int = 0
    bytes: int = 0
    in_flight: int = 0
    """Different requests that a provider is asked now."""
    hits: int = 0
    """Those that followed a call in flight included."""
    joined: int = 0
    """Of them, those that followed."""
    misses: int = 0
    bypassed: int = 0
    evicted: int = 0
    """For want of room."""
    expired: int = 0
    invalidated: int = 0
    shared_hits: int = 0
    """Of the hits, replies that another worker had bought."""
    shared_away: str | None = None
    """Why the shared store is not asked at the moment."""
