"""What a configuration of the cache needs beside itself."""

from collections.abc import Iterator

from gatewatch.config.models import Config
from gatewatch.config.problems import Problem


def cache_problems(config: Config) -> Iterator[Problem]:
    """Shared with nobody, or with no room for its own largest entry."""
    if config.cache.shared and config.stores.limits is None:
        yield Problem(
            ("cache", "shared"), "true, without stores.limits", "a store for it (stores: {limits: redis://…}), or false"
        )
    if config.cache.entry > config.cache.size:
        yield Problem(("cache", "entry"), "more than cache.size", "at most as much as cache.size")
