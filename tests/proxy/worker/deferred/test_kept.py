"""The store is asked from an event loop, which never waits for it."""

import asyncio
import threading
from pathlib import Path

import pytest

from proxy.worker.deferred.kept import Kept


async def test_as_long_as_nobody_asks_there_is_neither_a_thread_nor_a_file(tmp_path: Path) -> None:
    before = threading.active_count()
    kept = Kept(tmp_path / "deferred.db")
    assert not kept.any_there
    kept.close()
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() == before


async def test_everything_is_done_in_its_order(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "deferred.db")
    done: list[int] = []
    await asyncio.gather(*(kept.do(lambda store, n=n: done.append(n)) for n in range(20)))  # type: ignore[misc]
    assert done == list(range(20))
    assert kept.any_there
    kept.close()


async def test_what_goes_wrong_is_the_callers_to_know(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "nowhere" / "deferred.db")
    with pytest.raises(OSError, match="No such file"):
        await kept.do(lambda store: store.listed())
    kept.close()
