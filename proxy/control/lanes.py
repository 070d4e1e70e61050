"""Threads for what the control API is asked: looks have theirs, changes theirs, notes for the audit trail one.

Keeps true: questions that are slow keep no change waiting, and nothing that is asked keeps the control process's own
work waiting, which goes on in the event loop's threads. One actor never has all the threads of a lane.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from gatewatch.errors import GatewatchError

RETRY_SECONDS = 1

T = TypeVar("T")


class Busy(GatewatchError):
    """Somebody has asked for too much at once."""


class _Share:
    """What one actor has in a lane."""

    def __init__(self, running: int) -> None:
        self.jobs = 0
        self.turn = asyncio.Semaphore(running)


class Lane:
    """Belongs to the event loop."""

    def __init__(self, name: str, *, threads: int, running: int, jobs: int) -> None:
        """For each actor `running` threads at most, and `jobs` that run or wait."""
        self._pool = ThreadPoolExecutor(threads, f"control-{name}")
        self._name = name
        self._running = running
        self._jobs = jobs
        self._shares: dict[str, _Share] = {}

    async def run(self, who: str, work: Callable[..., T], *args: Any) -> T:
        """The work's answer, from a thread, when it is the actor's turn. Raises Busy, and what the work raises.

        A thread is the actor's until the work has ended, also where nobody waits for its answer any more.
        """
        share = self._shares.setdefault(who, _Share(self._running))
        if share.jobs >= self._jobs:
            raise Busy(
                f"{share.jobs} {self._name} of {who} run or wait already",
                f"ask again in {RETRY_SECONDS} s, and not so many at once",
            )
        share.jobs += 1
        try:
            await share.turn.acquire()
            job = self._pool.submit(work, *args)
        except BaseException:
            self._left(who)
            raise
        loop = asyncio.get_running_loop()

        def ended(_: "Future[T]") -> None:
            with suppress(RuntimeError):  # the loop has ended before the work
                loop.call_soon_threadsafe(self._ended, who)

        job.add_done_callback(ended)
        return await asyncio.wrap_future(job)

    def close(self) -> None:
        """Begins nothing more; what runs goes on."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ended(self, who: str) -> None:
        self._shares[who].turn.release()
        self._left(who)

    def _left(self, who: str) -> None:
        share = self._shares[who]
        share.jobs -= 1
        if not share.jobs:
            del self._shares[who]


class Lanes:
    """Those of one way in."""

    def __init__(self) -> None:
        self.looks = Lane("questions", threads=4, running=2, jobs=16)
        self.changes = Lane("changes", threads=4, running=2, jobs=64)
        self.notes = Lane("notes", threads=1, running=1, jobs=10_000)

    def close(self) -> None:
        for lane in (self.looks, self.changes, self.notes):
            lane.close()
