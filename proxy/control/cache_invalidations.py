"""Tells workers which kept replies are not to be given any more, and hears that they have obeyed.

Keeps true: what a caller invalidates at one worker reaches the others with that worker's next report, which it sends at
once.
"""

import asyncio
from collections.abc import Mapping

from gatewatch.control.records import now_us
from proxy.control.workers import Workers
from proxy.worker.caching.invalidation import Invalidation
from proxy.worker.live import LiveState

PATIENCE_SECONDS = 3.0


class CacheInvalidations:
    """Of one gateway. Belongs to the event loop."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._number = 0
        self._heard: dict[int, dict[int, int]] = {}
        """Number of what is waited for → worker → replies that it had."""
        self._news = asyncio.Event()

    async def invalidate(self, said: Mapping[str, str]) -> dict[str, int]:
        """Replies that are not given any more, and workers that have said so in time, of how many."""
        tags = (said["tag"],) if "tag" in said else ()
        which = Invalidation(route=said.get("route"), model=said.get("model"), team=said.get("team"), tags=tags)
        number = self._number = max(self._number + 1, now_us())
        asked = set(self._workers.states)
        heard = self._heard[number] = {}
        try:
            self._workers.invalidate(which, number)
            async with asyncio.timeout(PATIENCE_SECONDS):
                while asked & self._workers.states.keys() - heard.keys():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pass  # whoever asked is told how many have
        finally:
            del self._heard[number]
        return {"invalidated": sum(heard.values()), "workers": len(heard), "of_workers": len(asked)}

    def take(self, state: LiveState) -> None:
        """A worker's report."""
        if (heard := self._heard.get(state.cache_obeyed)) is not None:
            heard[state.pid] = state.cache_obeyed_count
            self._news.set()
        for which in state.cache_invalidated:
            self._workers.invalidate(which, 0, but=state.pid)
