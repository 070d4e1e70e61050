"""The store of deferred calls, asked from an event loop.

Keeps true: the loop never waits for the disk; everything is done in one thread, in the order in which it was asked for;
as long as nobody defers a call there is neither a thread nor a file.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from gatewatch.deferred.store import DeferredStore

T = TypeVar("T")


class Kept:
    """Of one worker."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "deferred")
        """Starts with the first question."""
        self._store: DeferredStore | None = None

    @property
    def any_there(self) -> bool:
        """Whether any call was ever deferred in this home."""
        return self._store is not None or self._path.exists()

    async def do(self, work: Callable[[DeferredStore], T]) -> T:
        """Raises what `work` does, and sqlite3.Error or OSError where the store cannot be used."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(self._opened()))

    def close(self) -> None:
        if self._store is not None:
            self._thread.submit(self._store.close)
        self._thread.shutdown()

    def _opened(self) -> DeferredStore:
        if self._store is None:
            self._store = DeferredStore(self._path)
        return self._store
